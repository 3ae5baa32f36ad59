package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// Limit is a duration and what sets it.
type Limit struct {
	Value time.Duration
	// Role sets the limit; if it is empty, By says what does, or Accede itself if that is empty, too.
	Role, By string
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
	SessionTTL  Limit
	AccessClock v1.AccessClock
	// ReasonRequired names the role because of which a reason is needed; empty if none is.
	ReasonRequired string
	Prompts        []string
	Annotations    map[string][]string
	// Notes say which annotations could not be filled in.
	Notes []string
}

// Plan says what it takes to grant the requested roles, all of which must be requestable.
func (s *Set) Plan(who Subject, requested []string) (Plan, error) {
	return s.plan(who, requested, func(holding *role, name string) bool { return holding.allowRequest.match(who, name) })
}

// PlanResources says what it takes to grant resources through the given roles.
func (s *Set) PlanResources(who Subject, through []string) (Plan, error) {
	return s.plan(who, through, func(holding *role, name string) bool {
		return slices.Contains(searchAs(holding.spec.Allow.Request), name)
	})
}

func (s *Set) plan(who Subject, requested []string, covers func(*role, string) bool) (Plan, error) {
	plan := Plan{SessionTTL: Limit{Value: MaxSession}, AccessClock: v1.ClockFirstUse}
	held := s.held(who.Roles)
	applicable := map[string]*role{}
	for _, name := range requested {
		var longest Limit
		for _, holding := range held {
			if covers(holding, name) {
				plan.addRule(name, holding)
				applicable[holding.name] = holding
				longest = longer(longest, holding)
			}
		}
		plan.bound(longest)
		plan.boundSession(name, s.roles[name])
	}
	if len(plan.Thresholds) > MaxThresholds {
		return Plan{}, fmt.Errorf("request has %d thresholds, the limit is %d; ask for fewer roles at once",
			len(plan.Thresholds), MaxThresholds)
	}
	plan.ask(held, applicable)
	plan.annotate(who, held, applicable)
	return plan, nil
}

func longer(limit Limit, holding *role) Limit {
	if d := holding.spec.Allow.Request.MaxDuration.Std(); d > limit.Value {
		return Limit{Value: d, Role: holding.name}
	}
	return limit
}

func (p *Plan) bound(longest Limit) {
	if longest.Value > 0 && (p.MaxDuration.Value == 0 || longest.Value < p.MaxDuration.Value) {
		p.MaxDuration = longest
	}
}

func (p *Plan) boundSession(name string, requested *role) {
	if requested == nil {
		return
	}
	if ttl := requested.spec.Options.MaxSessionTTL.Std(); ttl > 0 && ttl < p.SessionTTL.Value {
		p.SessionTTL = Limit{Value: ttl, Role: name}
	}
}

// ask collects what the requester is asked for and offered.
func (p *Plan) ask(held []*role, applicable map[string]*role) {
	for _, holding := range held {
		options := holding.spec.Options
		p.prompt(options.RequestPrompt)
		if options.RequestAccess == v1.RequestReason {
			p.needReason(holding.name)
		}
		if conditions := holding.spec.Allow.Request; conditions != nil {
			p.SuggestedReviewers = append(p.SuggestedReviewers, conditions.SuggestedReviewers...)
		}
		if applicable[holding.name] == nil {
			continue
		}
		p.AccessClock = earlier(p.AccessClock, holding.spec.Allow.Request.AccessClock)
		if reason := holding.spec.Allow.Request.Reason; reason != nil {
			p.prompt(reason.Prompt)
			if reason.Mode == v1.ReasonRequired {
				p.needReason(holding.name)
			}
		}
	}
	slices.Sort(p.SuggestedReviewers)
	p.SuggestedReviewers = slices.Compact(p.SuggestedReviewers)
}

func (p *Plan) needReason(because string) {
	if p.ReasonRequired == "" {
		p.ReasonRequired = because
	}
}

func (p *Plan) prompt(text string) {
	if text != "" && !slices.Contains(p.Prompts, text) {
		p.Prompts = append(p.Prompts, text)
	}
}

func earlier(a, b v1.AccessClock) v1.AccessClock {
	order := []v1.AccessClock{v1.ClockCreation, v1.ClockApproval, v1.ClockFirstUse}
	return order[min(max(slices.Index(order, a), 0), max(slices.Index(order, b), 0))]
}

func (p *Plan) addRule(requested string, holding *role) {
	conditions := holding.spec.Allow.Request
	rule := v1.Rule{Role: requested, From: holding.name, Require: v1.RequireAny}
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
	wanted := v1.Threshold{
		Name: written.Name, Filter: strings.TrimSpace(written.Filter), Approve: max(written.Approve, 1), Deny: max(written.Deny, 1),
	}
	if at := slices.Index(p.Thresholds, wanted); at >= 0 {
		return at
	}
	p.Thresholds = append(p.Thresholds, wanted)
	return len(p.Thresholds) - 1
}

// annotate attaches the pairs of the applicable roles, less those that any role denies.
func (p *Plan) annotate(who Subject, held []*role, applicable map[string]*role) {
	denied := map[string][]string{}
	for _, holding := range held {
		if conditions := holding.spec.Deny.Request; conditions != nil {
			p.fill(denied, who, conditions.Annotations, holding.name+" (deny)")
		}
	}
	attached := map[string][]string{}
	for _, holding := range held {
		if applicable[holding.name] != nil {
			p.fill(attached, who, holding.spec.Allow.Request.Annotations, holding.name)
		}
	}
	for key, values := range attached {
		values = slices.DeleteFunc(values, func(value string) bool { return slices.Contains(denied[key], value) })
		slices.Sort(values)
		attached[key] = slices.Compact(values)
	}
	maps.DeleteFunc(attached, func(_ string, values []string) bool { return len(values) == 0 })
	if len(attached) > 0 {
		p.Annotations = attached
	}
}

func (p *Plan) fill(into map[string][]string, who Subject, written map[string][]string, from string) {
	for _, key := range slices.Sorted(maps.Keys(written)) {
		for _, text := range written[key] {
			values, err := expandTemplate(text, who.Traits)
			if err != nil {
				p.Notes = append(p.Notes, fmt.Sprintf("role %s: annotation %s skipped: %v", from, key, err))
				continue
			}
			into[key] = append(into[key], values...)
		}
	}
}
