package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
)

// Explain says how a request stands and why, and for each of the people whether they may review it. Nothing here is
// judged anew: it asks what [Review] asks, and reads what was stored when each review was counted.
func Explain(request v1.Request, roles *policy.Set, people []v1.Person, now time.Time) v1.Explanation {
	explanation := v1.Explanation{
		RequestID: request.ID, Version: request.Version, State: request.State, Notes: request.Notes,
		Thresholds: []v1.ThresholdProgress{}, Rules: []v1.RuleProgress{}, People: []v1.PersonRuling{},
	}
	for i := range request.Thresholds {
		explanation.Thresholds = append(explanation.Thresholds, thresholdProgress(request, i))
	}
	for _, rule := range request.Rules {
		explanation.Rules = append(explanation.Rules, ruleProgress(request, rule))
	}
	for _, person := range people {
		explanation.People = append(explanation.People, rulingFor(request, roles, person, now))
	}
	explanation.Summary = summary(request, now)
	return explanation
}

// WhoCanApprove explains the request that an ask would become, without making it; a reason may be missing.
func WhoCanApprove(ask Ask, roles *policy.Set, people []v1.Person) (v1.Explanation, error) {
	if strings.TrimSpace(ask.Input.Reason) == "" {
		ask.Input.Reason = "-"
	}
	request, _, err := NewRequest(ask, roles)
	if err != nil {
		return v1.Explanation{}, err
	}
	return Explain(request, roles, people, ask.Now), nil
}

func thresholdProgress(request v1.Request, index int) v1.ThresholdProgress {
	threshold := request.Thresholds[index]
	progress := v1.ThresholdProgress{
		Threshold: threshold, Index: index, Reached: threshold.Reached(), Missing: max(threshold.Approve-threshold.Approvals, 0),
		Text: progressText(threshold),
	}
	for _, review := range request.Reviews {
		if slices.Contains(review.Thresholds, index) {
			progress.By = append(progress.By, review.Author.Name)
		}
	}
	return progress
}

func progressText(threshold v1.Threshold) string {
	name := threshold.Name
	if name == "" {
		name = "approvals"
	}
	return fmt.Sprintf("%s %d of %d", name, threshold.Approvals, threshold.Approve)
}

func ruleProgress(request v1.Request, rule v1.Rule) v1.RuleProgress {
	var parts []string
	for _, i := range rule.Thresholds {
		parts = append(parts, progressText(request.Thresholds[i]))
	}
	joined := strings.Join(parts, " or ")
	if rule.Require == v1.RequireAll {
		joined = strings.Join(parts, " and ")
	}
	return v1.RuleProgress{
		Rule: rule, Satisfied: Satisfied(request, rule), Text: fmt.Sprintf("%s, as role %s asks: %s", rule.Role, rule.From, joined),
	}
}

func rulingFor(request v1.Request, roles *policy.Set, person v1.Person, now time.Time) v1.PersonRuling {
	facts := &policy.Facts{Reviewer: policy.SubjectOf(person), Request: &request, Now: now}
	ruling := v1.PersonRuling{Person: person.Ref()}
	err := StillPending(request, now)
	var found policy.Ruling
	if err == nil {
		found, err = eligible(request, person, roles, facts)
	}
	ruling.Notes = found.Notes
	if refusal, ok := errors.AsType[*Error](err); ok {
		ruling.Code, ruling.Why = refusal.Code, whyNot(request, person, refusal, found)
		return ruling
	}
	ruling.May, ruling.Why = true, why(found)
	counts, notes := roles.WouldCount(facts)
	ruling.Counts, ruling.Notes = counts, merged(ruling.Notes, notes)
	if len(counts) == 0 {
		ruling.Why += "; the review would match no threshold and have no effect"
	}
	return ruling
}

// Awaits says whether a request waits for somebody's decision: they may review it, have not, and it would count.
func Awaits(request v1.Request, roles *policy.Set, person v1.Person, now time.Time) bool {
	if StillPending(request, now) != nil {
		return false
	}
	facts := &policy.Facts{Reviewer: policy.SubjectOf(person), Request: &request, Now: now}
	if _, err := eligible(request, person, roles, facts); err != nil {
		return false
	}
	counts, _ := roles.WouldCount(facts)
	return len(counts) > 0
}

func why(ruling policy.Ruling) string {
	var parts []string
	for _, ground := range ruling.Grounds {
		text := fmt.Sprintf("role %s allows reviewing %s", ground.By, ground.Requested)
		if ground.Where != "" {
			text += " where " + ground.Where
		}
		parts = append(parts, text)
	}
	joined := strings.Join(parts, ", ")
	if ruling.Open {
		joined += "; it depends on when and how they review"
	}
	return joined
}

func whyNot(request v1.Request, person v1.Person, refusal *Error, ruling policy.Ruling) string {
	switch refusal.Code {
	case v1.CodeSelfReview:
		return "asked for this access themselves"
	case v1.CodeForbidden:
		return "the account is disabled"
	case v1.CodeAlreadyReviewed:
		return "has reviewed this request already; " + saidBefore(request, person)
	case v1.CodeNotAReviewer:
		return whyNoReviewer(ruling)
	default:
		return strings.TrimSuffix(refusal.Message, ".")
	}
}

func saidBefore(request v1.Request, person v1.Person) string {
	for _, review := range request.Reviews {
		if review.Author.Name != person.Name {
			continue
		}
		if review.NoEffect() {
			return "it matched no threshold and has no effect"
		}
		var names []string
		for _, i := range review.Thresholds {
			names = append(names, policy.ThresholdName(request.Thresholds[i], i))
		}
		if len(names) > 0 {
			return "it counts for threshold " + strings.Join(names, ", ")
		}
	}
	return "it was an override"
}

func whyNoReviewer(ruling policy.Ruling) string {
	if ruling.DeniedBy != "" {
		return fmt.Sprintf("role %s denies reviewing %s", ruling.DeniedBy, ruling.Denied)
	}
	missing := ruling.Missing()
	for _, ground := range ruling.Grounds {
		if ground.Requested == missing && len(ground.Unmet) > 0 {
			return fmt.Sprintf("role %s allows reviewing %s only where a condition is true, and it is not",
				strings.Join(ground.Unmet, ", "), missing)
		}
	}
	return fmt.Sprintf("no role held allows reviewing %s", missing)
}

// summary says in one sentence how the request stands, or which review at which rule resolved it.
func summary(request v1.Request, now time.Time) string {
	if request.State == v1.StatePending {
		return pendingSummary(request, now)
	}
	resolution := request.Resolution
	if resolution == nil {
		return strings.ToLower(string(request.State))
	}
	state := strings.ToLower(string(resolution.State))
	at := slices.IndexFunc(request.Reviews, func(r v1.Review) bool { return r.ID == resolution.ReviewID })
	switch {
	case resolution.By == nil:
		return fmt.Sprintf("%s at %s, because nobody decided in time", state, shownTime(resolution.At))
	case at < 0:
		return fmt.Sprintf("%s by %s at %s", state, resolution.By.Name, shownTime(resolution.At))
	case resolution.Override:
		return fmt.Sprintf("%s by an override of %s, past all rules", state, resolution.By.Name)
	case resolution.State == v1.StateDenied:
		return fmt.Sprintf("denied by the review of %s, which reached the deny count of %s", resolution.By.Name, refusedBy(request, at))
	default:
		return fmt.Sprintf("approved by the review of %s, which completed %s", resolution.By.Name, completedBy(request, at))
	}
}

func pendingSummary(request v1.Request, now time.Time) string {
	if !now.Before(request.Expires) {
		return "expired at " + shownTime(request.Expires)
	}
	var open []string
	for _, rule := range request.Rules {
		if progress := ruleProgress(request, rule); !progress.Satisfied && !slices.Contains(open, progress.Text) {
			open = append(open, progress.Text)
		}
	}
	return "pending; still needed: " + strings.Join(open, "; ")
}

// refusedBy names the thresholds whose deny count the review at this place reached.
func refusedBy(request v1.Request, at int) string {
	var names []string
	for _, i := range request.Reviews[at].Thresholds {
		if threshold := request.Thresholds[i]; threshold.Refused() {
			names = append(names, fmt.Sprintf("threshold %s (%d of %d)", policy.ThresholdName(threshold, i), threshold.Denials, threshold.Deny))
		}
	}
	return strings.Join(names, ", ")
}

// completedBy names the rules that were not satisfied before the review at this place, and are since.
func completedBy(request v1.Request, at int) string {
	before := request
	before.Thresholds = slices.Clone(request.Thresholds)
	for _, i := range request.Reviews[at].Thresholds {
		before.Thresholds[i].Approvals--
	}
	var done []string
	for _, rule := range request.Rules {
		if Satisfied(request, rule) && !Satisfied(before, rule) {
			done = append(done, ruleProgress(request, rule).Text)
		}
	}
	return strings.Join(done, "; ")
}
