package policy

import (
	"fmt"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Set is a compiled set of roles. It does not change and is safe for concurrent use.
type Set struct {
	roles map[string]*role
	names []string
}

type role struct {
	spec                      v1.RoleSpec
	allowRequest, denyRequest Matchers
	allowReview, denyReview   Matchers
}

// Compile prepares roles for evaluation. It fails on the first role that [Validate] finds fault with: a set that could
// not be understood wholly must not decide anything.
func Compile(documents []v1.Role) (*Set, error) {
	set := &Set{roles: make(map[string]*role, len(documents))}
	for _, document := range documents {
		if faults := Validate(document); len(faults) > 0 {
			return nil, fmt.Errorf("role %q: %s %s", document.Metadata.Name, faults[0].Location, faults[0].Message)
		}
		set.roles[document.Metadata.Name] = compileRole(document.Spec)
		set.names = append(set.names, document.Metadata.Name)
	}
	slices.Sort(set.names)
	return set, nil
}

func compileRole(spec v1.RoleSpec) *role {
	return &role{
		spec:         spec,
		allowRequest: requestMatchers(spec.Allow.Request), denyRequest: requestMatchers(spec.Deny.Request),
		allowReview: reviewMatchers(spec.Allow.ReviewRequests), denyReview: reviewMatchers(spec.Deny.ReviewRequests),
	}
}

// Patterns were checked by Validate, so that compiling them again cannot fail.
func requestMatchers(conditions *v1.RequestConditions) Matchers {
	if conditions == nil {
		return nil
	}
	matchers, _ := CompileMatchers(conditions.Roles)
	return matchers
}

func reviewMatchers(conditions *v1.ReviewConditions) Matchers {
	if conditions == nil {
		return nil
	}
	matchers, _ := CompileMatchers(conditions.Roles)
	return matchers
}

// Has says whether the set knows a role.
func (s *Set) Has(name string) bool { return s.roles[name] != nil }

// MayRequest says whether holders of these roles may request a role: no deny may match, then one allow must.
func (s *Set) MayRequest(held []string, requested string) bool {
	allowed := false
	for _, holding := range s.held(held) {
		if holding.denyRequest.Match(requested) {
			return false
		}
		allowed = allowed || holding.allowRequest.Match(requested)
	}
	return allowed
}

// Requestable lists the roles that holders of these roles may request and do not hold.
func (s *Set) Requestable(held []string) []string {
	var names []string
	for _, name := range s.names {
		if !slices.Contains(held, name) && s.MayRequest(held, name) {
			names = append(names, name)
		}
	}
	return names
}

// MayReview says whether holders of these roles may review a request for all the requested roles. If not, it says for
// which role not.
func (s *Set) MayReview(held, requested []string) (ok bool, missing string) {
	for _, name := range requested {
		if !s.mayReviewRole(held, name) {
			return false, name
		}
	}
	return len(requested) > 0, ""
}

func (s *Set) mayReviewRole(held []string, requested string) bool {
	allowed := false
	for _, holding := range s.held(held) {
		if holding.denyReview.Match(requested) {
			return false
		}
		allowed = allowed || holding.allowReview.Match(requested)
	}
	return allowed
}

func (s *Set) held(names []string) []*role {
	roles := make([]*role, 0, len(names))
	for _, name := range names {
		if holding := s.roles[name]; holding != nil {
			roles = append(roles, holding)
		}
	}
	return roles
}

// Limit is a duration and the role that sets it.
type Limit struct {
	Value time.Duration
	Role  string
}

// Plan is what a request for some roles takes.
type Plan struct {
	Thresholds []v1.Threshold
	Rules      []v1.Rule
	// SuggestedReviewers is the union over the requester's roles.
	SuggestedReviewers []string
	// MaxDuration is the longest access; zero if no role sets one.
	MaxDuration Limit
	// SessionTTL is the longest elevated session.
	SessionTTL     Limit
	ReasonRequired bool
}

// Plan says what it takes to grant the requested roles, all of which must be requestable, to holders of these roles.
func (s *Set) Plan(held, requested []string) (Plan, error) {
	plan := Plan{SessionTTL: Limit{Value: MaxSession}}
	for _, name := range requested {
		s.planRole(&plan, held, name)
	}
	if len(plan.Thresholds) > MaxThresholds {
		return Plan{}, fmt.Errorf("request has %d thresholds, the limit is %d; ask for fewer roles at once",
			len(plan.Thresholds), MaxThresholds)
	}
	slices.Sort(plan.SuggestedReviewers)
	plan.SuggestedReviewers = slices.Compact(plan.SuggestedReviewers)
	return plan, nil
}

func (s *Set) planRole(plan *Plan, held []string, requested string) {
	var longest Limit
	for _, from := range held {
		holding := s.roles[from]
		if holding == nil || !holding.allowRequest.Match(requested) {
			continue
		}
		conditions := holding.spec.Allow.Request
		plan.addRule(requested, from, conditions)
		plan.SuggestedReviewers = append(plan.SuggestedReviewers, conditions.SuggestedReviewers...)
		if reason := conditions.Reason; reason != nil && reason.Mode == v1.ReasonRequired {
			plan.ReasonRequired = true
		}
		if d := conditions.MaxDuration.Std(); d > longest.Value {
			longest = Limit{Value: d, Role: from}
		}
	}
	if longest.Value > 0 && (plan.MaxDuration.Value == 0 || longest.Value < plan.MaxDuration.Value) {
		plan.MaxDuration = longest
	}
	if ttl := s.sessionLimit(requested); ttl > 0 && ttl < plan.SessionTTL.Value {
		plan.SessionTTL = Limit{Value: ttl, Role: requested}
	}
}

func (s *Set) sessionLimit(name string) time.Duration {
	if known := s.roles[name]; known != nil {
		return known.spec.Options.MaxSessionTTL.Std()
	}
	return 0
}

func (p *Plan) addRule(requested, from string, conditions *v1.RequestConditions) {
	rule := v1.Rule{Role: requested, From: from, Require: v1.RequireAny}
	if conditions.Require == v1.RequireAll {
		rule.Require = v1.RequireAll
	}
	written := conditions.Thresholds
	if len(written) == 0 {
		written = []v1.ThresholdCondition{{}}
	}
	for _, threshold := range written {
		rule.Thresholds = append(rule.Thresholds, p.threshold(threshold))
	}
	p.Rules = append(p.Rules, rule)
}

// threshold returns the index of a threshold; equal ones are one and share their counter.
func (p *Plan) threshold(written v1.ThresholdCondition) int {
	wanted := v1.Threshold{Name: written.Name, Approve: max(written.Approve, 1), Deny: max(written.Deny, 1)}
	if at := slices.Index(p.Thresholds, wanted); at >= 0 {
		return at
	}
	p.Thresholds = append(p.Thresholds, wanted)
	return len(p.Thresholds) - 1
}
