package policy

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Limits of role documents.
const (
	// MaxAccess is the longest access a role may promise.
	MaxAccess = 14 * 24 * time.Hour
	// MaxSession is the longest elevated session.
	MaxSession = 30 * time.Hour
	// MaxThresholds bounds the distinct thresholds of one request.
	MaxThresholds = 4096
)

// roleVersions are those of Accede and of Teleport.
func roleVersions() []string { return []string{"v1", "v3", "v4", "v5", "v6", "v7", "v8"} }

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._@:+-]{0,127}$`)

// ValidName says whether name can name a role or a person: up to 128 letters, digits and . _ @ : + - beginning with a
// letter or digit.
func ValidName(name string) bool { return namePattern.MatchString(name) }

// Validate returns everything that is wrong with a role document, each fault with the dotted path of its field.
func Validate(role v1.Role) []v1.Fault {
	check := checker{}
	check.that(role.Kind == v1.RoleKind, "kind", "must be %q, not %q", v1.RoleKind, role.Kind)
	check.that(slices.Contains(roleVersions(), role.Version), "version",
		"must be one of %v, not %q", roleVersions(), role.Version)
	check.that(ValidName(role.Metadata.Name), "metadata.name",
		"%q cannot be a role's name; use letters, digits and . _ @ : + -", role.Metadata.Name)
	check.request("spec.allow.request", role.Spec.Allow.Request)
	check.review("spec.allow.review_requests", role.Spec.Allow.ReviewRequests)
	check.request("spec.deny.request", role.Spec.Deny.Request)
	check.review("spec.deny.review_requests", role.Spec.Deny.ReviewRequests)
	check.denyOnly(role.Spec.Deny.Request)
	check.that(role.Spec.Options.MaxSessionTTL >= 0, "spec.options.max_session_ttl", "must not be negative")
	return check.faults
}

type checker struct{ faults []v1.Fault }

func (c *checker) that(ok bool, location, format string, args ...any) {
	if !ok {
		c.faults = append(c.faults, v1.Fault{Location: location, Message: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) request(path string, request *v1.RequestConditions) {
	if request == nil {
		return
	}
	c.patterns(path+".roles", request.Roles)
	for i, threshold := range request.Thresholds {
		at := fmt.Sprintf("%s.thresholds[%d]", path, i)
		c.that(threshold.Approve >= 0, at+".approve", "must be at least 1, not %d", threshold.Approve)
		c.that(threshold.Deny >= 0, at+".deny", "must be at least 1, not %d", threshold.Deny)
	}
	c.that(request.Require == "" || request.Require == v1.RequireAny || request.Require == v1.RequireAll,
		path+".require", `must be "any" or "all", not %q`, request.Require)
	c.that(request.MaxDuration >= 0, path+".max_duration", "must not be negative")
	c.that(request.MaxDuration.Std() <= MaxAccess, path+".max_duration",
		"must be at most 14 days (336h), not %s", request.MaxDuration)
	if reason := request.Reason; reason != nil {
		c.that(reason.Mode == "" || reason.Mode == v1.ReasonOptional || reason.Mode == v1.ReasonRequired,
			path+".reason.mode", `must be "optional" or "required", not %q`, reason.Mode)
	}
}

func (c *checker) review(path string, review *v1.ReviewConditions) {
	if review != nil {
		c.patterns(path+".roles", review.Roles)
	}
}

func (c *checker) denyOnly(request *v1.RequestConditions) {
	const path = "spec.deny.request"
	if request == nil {
		return
	}
	c.that(len(request.Thresholds) == 0, path+".thresholds", "a deny block has no thresholds; they belong under allow")
	c.that(request.Require == "", path+".require", "a deny block has no thresholds to combine")
	c.that(request.MaxDuration == 0, path+".max_duration", "a deny block sets no duration; it belongs under allow")
	c.that(request.Reason == nil, path+".reason", "a deny block asks for no reason; it belongs under allow")
}

func (c *checker) patterns(path string, patterns []string) {
	for i, pattern := range patterns {
		_, err := CompileMatcher(pattern)
		c.that(err == nil, fmt.Sprintf("%s[%d]", path, i), "%v", err)
	}
}
