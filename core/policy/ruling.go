package policy

import (
	"fmt"
	"slices"

	v1 "github.com/accede/accede/api/v1"
)

// Ruling says whether somebody may review a request, and why.
type Ruling struct {
	May bool
	// Denied is the requested role that a deny block matches, and DeniedBy the reviewer's role with that block.
	Denied, DeniedBy string
	// Grounds say for each requested role what lets it be reviewed, up to the first that nothing does.
	Grounds []Ground
	// Open: it depends on the time of the review, or on the door through which it will come.
	Open bool
	// Notes say which expressions failed and so counted as false.
	Notes []string
}

// Ground is what lets one requested role be reviewed.
type Ground struct {
	Requested string
	// By is the reviewer's role that allows it; empty if none does.
	By string
	// Where is the condition under which it does; empty if there is none.
	Where string
	// Unmet are the reviewer's roles that would allow it if their condition were true.
	Unmet []string
}

// Missing is the requested role for which the person may not review; empty if they may.
func (r Ruling) Missing() string {
	if r.Denied != "" {
		return r.Denied
	}
	for _, ground := range r.Grounds {
		if ground.By == "" {
			return ground.Requested
		}
	}
	return ""
}

// Reviews says whether any role of somebody's lets them review anything at all, under whatever condition.
func (s *Set) Reviews(who Subject) bool {
	for _, holding := range s.held(who.Roles) {
		if len(holding.allowReview.written) > 0 || len(holding.allowReview.claims) > 0 {
			return true
		}
	}
	return false
}

// MightReview says whether somebody might review requests for these roles, leaving conditions aside. It says no only where
// [Set.MayReview] does.
func (s *Set) MightReview(who Subject, requested []string) bool {
	held := s.held(who.Roles)
	for _, name := range requested {
		allows := func(holding *role) bool { return holding.allowReview.match(who, name) }
		denies := func(holding *role) bool {
			return holding.denyReview.where == nil && holding.denyReview.match(who, name)
		}
		if slices.ContainsFunc(held, denies) || !slices.ContainsFunc(held, allows) {
			return false
		}
	}
	return len(requested) > 0
}

// MayReview says whether the reviewer of these facts may review their request: no deny block with an empty or true
// condition may match any requested role, and each of them must be covered by an allow block whose condition is empty or
// true.
func (s *Set) MayReview(facts *Facts) Ruling {
	ruling := Ruling{}
	if facts.Request == nil || len(facts.Request.Roles) == 0 {
		return ruling
	}
	held := s.held(facts.Reviewer.Roles)
	if ruling.denied(held, facts) {
		return ruling
	}
	for _, name := range facts.Request.Roles {
		ground := ruling.ground(held, facts, name)
		ruling.Grounds = append(ruling.Grounds, ground)
		if ground.By == "" {
			return ruling
		}
	}
	ruling.May = true
	return ruling
}

func (r *Ruling) denied(held []*role, facts *Facts) bool {
	for _, holding := range held {
		for _, name := range facts.Request.Roles {
			if !holding.denyReview.match(facts.Reviewer, name) {
				continue
			}
			if r.holds(holding.denyReview.where, facts, holding.name, "deny") == isTrue {
				r.Denied, r.DeniedBy = name, holding.name
				return true
			}
			break // the condition is the same for every role
		}
	}
	return false
}

func (r *Ruling) ground(held []*role, facts *Facts, name string) Ground {
	ground := Ground{Requested: name}
	for _, holding := range held {
		block := holding.allowReview
		if !block.match(facts.Reviewer, name) {
			continue
		}
		if r.holds(block.where, facts, holding.name, "allow") == isFalse {
			ground.Unmet = append(ground.Unmet, holding.name)
			continue
		}
		ground.By = holding.name
		if block.where != nil {
			ground.Where = block.where.text
		}
		return ground
	}
	return ground
}

func (r *Ruling) holds(where *expression, facts *Facts, name, side string) truth {
	if where == nil {
		return isTrue
	}
	says, err := where.holds(facts)
	if err != nil {
		r.note(fmt.Sprintf("role %s: spec.%s.review_requests.where counted as false: %v", name, side, err))
	}
	r.Open = r.Open || says == isOpen
	return says
}

func (r *Ruling) note(text string) {
	for _, known := range r.Notes {
		if known == text {
			return
		}
	}
	r.Notes = append(r.Notes, text)
}

// Counts says for which of the request's thresholds the facts' review counts: those whose filter is empty or true now.
func (s *Set) Counts(facts *Facts) (indexes []int, notes []string) {
	return s.thresholdsWhere(facts, func(says truth) bool { return says == isTrue })
}

// WouldCount says for which thresholds a review could count whose reason and door are not known yet.
func (s *Set) WouldCount(facts *Facts) (indexes []int, notes []string) {
	return s.thresholdsWhere(facts, func(says truth) bool { return says != isFalse })
}

func (s *Set) thresholdsWhere(facts *Facts, enough func(truth) bool) (indexes []int, notes []string) {
	for i, threshold := range facts.Request.Thresholds {
		says, err := s.filter(threshold, facts)
		if err != nil {
			notes = append(notes, fmt.Sprintf("threshold %s: filter counted as false: %v", ThresholdName(threshold, i), err))
		}
		if enough(says) {
			indexes = append(indexes, i)
		}
	}
	return indexes, notes
}

func (s *Set) filter(threshold v1.Threshold, facts *Facts) (truth, error) {
	if threshold.Filter == "" {
		return isTrue, nil
	}
	filter := s.filters[threshold.Filter]
	if filter == nil { // the role has changed since the request was made
		var err error
		if filter, err = compileCondition(threshold.Filter, filterScope); err != nil {
			return isFalse, err
		}
	}
	return filter.holds(facts)
}

// ThresholdName is what to call a threshold in a sentence.
func ThresholdName(threshold v1.Threshold, index int) string {
	if threshold.Name != "" {
		return threshold.Name
	}
	return fmt.Sprintf("%d", index+1)
}
