package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
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

func roleVersions() []string { return []string{"v1", "v3", "v4", "v5", "v6", "v7", "v8"} }

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._@:+-]{0,127}$`)

// ValidName says whether name can name a role or a person: up to 128 letters, digits and . _ @ : + - beginning with a
// letter or digit.
func ValidName(name string) bool { return namePattern.MatchString(name) }

// Validate returns everything that is wrong with a role document, each fault with the dotted path of its field.
func Validate(document v1.Role) []v1.Fault {
	check := checker{}
	check.role(document)
	return check.faults
}

// checker compiles role documents and collects what is wrong with them.
type checker struct{ faults []v1.Fault }

func (c *checker) that(ok bool, location, format string, args ...any) {
	if !ok {
		c.faults = append(c.faults, v1.Fault{Location: location, Message: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) role(document v1.Role) *role {
	c.that(document.Kind == v1.RoleKind, "kind", "must be %q, not %q", v1.RoleKind, document.Kind)
	c.that(slices.Contains(roleVersions(), document.Version), "version",
		"must be one of %v, not %q", roleVersions(), document.Version)
	c.that(ValidName(document.Metadata.Name), "metadata.name",
		"%q cannot be a role's name; use letters, digits and . _ @ : + -", document.Metadata.Name)
	compiled := &role{name: document.Metadata.Name, spec: document.Spec}
	allow, deny := document.Spec.Allow, document.Spec.Deny
	compiled.allowRequest, compiled.filters = c.request("spec.allow.request", allow.Request)
	compiled.allowReview = c.review("spec.allow.review_requests", allow.ReviewRequests)
	compiled.denyRequest, _ = c.request("spec.deny.request", deny.Request)
	compiled.denyReview = c.review("spec.deny.review_requests", deny.ReviewRequests)
	c.denyOnly(deny.Request)
	c.options(document.Spec.Options)
	return compiled
}

func (c *checker) options(options v1.RoleOptions) {
	c.that(options.MaxSessionTTL >= 0, "spec.options.max_session_ttl", "must not be negative")
	c.that(oneOf(options.RequestAccess, v1.RequestOptional, v1.RequestAlways, v1.RequestReason), "spec.options.request_access",
		`must be "optional", "always" or "reason", not %q`, options.RequestAccess)
}

// oneOf says whether value is empty or one of the others.
func oneOf[T ~string](value T, others ...T) bool {
	return value == "" || slices.Contains(others, value)
}

func (c *checker) request(path string, request *v1.RequestConditions) (matching, []*expression) {
	if request == nil {
		return matching{}, nil
	}
	compiled := c.matching(path, request.Roles, request.ClaimsToRoles)
	for i, name := range request.SearchAsRoles {
		c.that(ValidName(name), fmt.Sprintf("%s.search_as_roles[%d]", path, i), "%q cannot be a role's name", name)
	}
	var filters []*expression
	for i, threshold := range request.Thresholds {
		at := fmt.Sprintf("%s.thresholds[%d]", path, i)
		c.that(threshold.Approve >= 0, at+".approve", "must be at least 1, not %d", threshold.Approve)
		c.that(threshold.Deny >= 0, at+".deny", "must be at least 1, not %d", threshold.Deny)
		if filter := c.condition(at+".filter", threshold.Filter, filterScope); filter != nil {
			filters = append(filters, filter)
		}
	}
	c.that(oneOf(request.Require, v1.RequireAny, v1.RequireAll), path+".require", `must be "any" or "all", not %q`, request.Require)
	c.that(request.MaxDuration >= 0, path+".max_duration", "must not be negative")
	c.that(request.MaxDuration.Std() <= MaxAccess, path+".max_duration",
		"must be at most 14 days (336h), not %s", request.MaxDuration)
	c.that(oneOf(request.AccessClock, v1.ClockCreation, v1.ClockApproval, v1.ClockFirstUse), path+".access_clock",
		`must be "creation", "approval" or "first_use", not %q`, request.AccessClock)
	if reason := request.Reason; reason != nil {
		c.that(oneOf(reason.Mode, v1.ReasonOptional, v1.ReasonRequired), path+".reason.mode",
			`must be "optional" or "required", not %q`, reason.Mode)
	}
	return compiled, filters
}

func (c *checker) review(path string, review *v1.ReviewConditions) reviewBlock {
	if review == nil {
		return reviewBlock{}
	}
	return reviewBlock{
		matching: c.matching(path, review.Roles, review.ClaimsToRoles), where: c.condition(path+".where", review.Where, whereScope),
	}
}

// condition compiles an expression; an empty one is none.
func (c *checker) condition(path, text string, in scope) *expression {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	compiled, err := compileCondition(text, in)
	c.that(err == nil, path, "%v", err)
	return compiled
}

func (c *checker) denyOnly(request *v1.RequestConditions) {
	const path = "spec.deny.request"
	if request == nil {
		return
	}
	c.that(len(request.Thresholds) == 0, path+".thresholds", "a deny block has no thresholds; they belong under allow")
	c.that(request.Require == "", path+".require", "a deny block has no thresholds to combine")
	c.that(request.MaxDuration == 0, path+".max_duration", "a deny block sets no duration; it belongs under allow")
	c.that(request.AccessClock == "", path+".access_clock", "a deny block sets no clock; it belongs under allow")
	c.that(request.Reason == nil, path+".reason", "a deny block asks for no reason; it belongs under allow")
}

func (c *checker) patterns(path string, patterns []string) Matchers {
	matchers := make(Matchers, 0, len(patterns))
	for i, pattern := range patterns {
		matcher, err := CompileMatcher(pattern)
		c.that(err == nil, fmt.Sprintf("%s[%d]", path, i), "%v", err)
		matchers = append(matchers, matcher)
	}
	return matchers
}
