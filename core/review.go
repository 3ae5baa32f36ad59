package core

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
)

// Submission is a review about to be made.
type Submission struct {
	// ID is the new review's.
	ID     string
	Author Actor
	Input  v1.ReviewInput
	Now    time.Time
}

// Review adds a review to a request and says what the request is then, or refuses it. It is the one way to decide;
// [Override] is the only other, and marks what it does.
func Review(request v1.Request, submission Submission, roles *policy.Set) (v1.Request, error) {
	facts := factsOf(request, submission)
	notes, err := mayReview(request, submission, roles, facts)
	if err != nil {
		return v1.Request{}, err
	}
	review := facts.Review
	counted, failed := roles.Counts(facts)
	review.Thresholds = counted
	next := changed(request, submission.Now)
	next.Notes = merged(request.Notes, append(notes, failed...))
	next.Thresholds = slices.Clone(request.Thresholds)
	for _, i := range counted {
		count(&next.Thresholds[i], review.Verdict)
	}
	next.Reviews = append(slices.Clone(request.Reviews), review)
	if err := adjust(&next, request, review); err != nil {
		return v1.Request{}, err
	}
	settle(&next, review)
	return next, nil
}

// factsOf gathers what expressions see of a review about to be made.
func factsOf(request v1.Request, submission Submission) *policy.Facts {
	author, input := submission.Author, submission.Input
	return &policy.Facts{
		Reviewer: policy.SubjectOf(author.Person), Request: &request, Now: submission.Now,
		Review: v1.Review{
			ID: submission.ID, Author: author.Person.Ref(), Verdict: input.Verdict, Reason: strings.TrimSpace(input.Reason),
			Created: submission.Now, Via: author.Via, Identity: author.Identity, Annotations: input.Annotations,
			MaxDuration: input.MaxDuration, AssumeStart: input.AssumeStart.UTC(),
			SeenVersion: input.SeenVersion, SeenFingerprint: input.SeenFingerprint,
		},
	}
}

// merged adds notes that are not there yet, so that each is told once for a request.
func merged(known, more []string) []string {
	all := slices.Clone(known)
	for _, note := range more {
		if !slices.Contains(all, note) {
			all = append(all, note)
		}
	}
	return all
}

func count(threshold *v1.Threshold, verdict v1.Verdict) {
	if verdict == v1.Approve {
		threshold.Approvals++
		return
	}
	threshold.Denials++
}

func mayReview(request v1.Request, submission Submission, roles *policy.Set, facts *policy.Facts) ([]string, error) {
	if !submission.Input.Verdict.Valid() {
		return nil, Refuse(v1.CodeInvalid, "A review says approve or deny, not %q.", submission.Input.Verdict)
	}
	if err := StillPending(request, submission.Now); err != nil {
		return nil, err
	}
	ruling, err := eligible(request, submission.Author.Person, roles, facts)
	if err != nil {
		return nil, err
	}
	if err := unchanged(request, submission.Input); err != nil {
		return nil, err
	}
	return ruling.Notes, checkReview(request, submission)
}

// eligible says whether a person is somebody whose review of a request would be taken. It is asked when a review is made
// and when the rules are explained.
func eligible(request v1.Request, person v1.Person, roles *policy.Set, facts *policy.Facts) (policy.Ruling, error) {
	if person.Name == request.Requester.Name {
		return policy.Ruling{}, Refuse(v1.CodeSelfReview,
			"You asked for this access yourself; somebody else has to review it.").About(request)
	}
	if person.Disabled {
		return policy.Ruling{}, Refuse(v1.CodeForbidden, "Your account is disabled; ask an administrator.")
	}
	ruling := roles.MayReview(facts)
	if !ruling.May {
		return ruling, refuseReviewer(ruling).About(request)
	}
	if slices.ContainsFunc(request.Reviews, func(r v1.Review) bool { return r.Author.Name == person.Name }) {
		return ruling, Refuse(v1.CodeAlreadyReviewed, "You have reviewed this request already; one person counts once.").About(request)
	}
	return ruling, nil
}

func refuseReviewer(ruling policy.Ruling) *Error {
	if ruling.DeniedBy != "" {
		return Refuse(v1.CodeNotAReviewer, "Your role %s forbids you to review requests for %s.", ruling.DeniedBy, ruling.Denied)
	}
	missing := ruling.Missing()
	for _, ground := range ruling.Grounds {
		if ground.Requested == missing && len(ground.Unmet) > 0 {
			return Refuse(v1.CodeNotAReviewer, "Your role %s lets you review requests for %s only under a condition that this one does not meet.",
				strings.Join(ground.Unmet, ", "), missing)
		}
	}
	return Refuse(v1.CodeNotAReviewer, "None of your roles lets you review requests for %s.", missing)
}

func checkReview(request v1.Request, submission Submission) error {
	input := submission.Input
	if input.Verdict == v1.Deny && (input.MaxDuration != 0 || !input.AssumeStart.IsZero()) {
		return Refuse(v1.CodeInvalid, "Only an approval can shorten the access or move its start.")
	}
	if _, err := within("access", input.MaxDuration.Std(), policy.Limit{Value: request.Length().Std()}); err != nil {
		return err
	}
	if err := checkStart(input.AssumeStart, submission.Now); err != nil {
		return err
	}
	return checkLength("review's reason", input.Reason)
}

// StillPending refuses when nobody can decide a request any more: it is resolved, or its time is over and merely not
// yet written down.
func StillPending(request v1.Request, now time.Time) error {
	if request.State.Resolved() {
		return Refuse(v1.CodeAlreadyResolved, "%s", resolvedSentence(request)).About(request)
	}
	if !now.Before(request.Expires) {
		return Refuse(v1.CodeExpired, "This request expired at %s without a decision; ask for a new one.",
			shownTime(request.Expires)).About(request)
	}
	return nil
}

func resolvedSentence(request v1.Request) string {
	how := strings.ToLower(string(request.State))
	if request.Resolution == nil {
		return fmt.Sprintf("This request is %s already.", how)
	}
	by := ""
	if request.Resolution.By != nil {
		by = " by " + request.Resolution.By.Shown()
	}
	return fmt.Sprintf("This request was already %s%s at %s.", how, by, shownTime(request.Resolution.At))
}

func shownTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// unchanged refuses a review of something else than what is asked now. Reviews that others added meanwhile do not
// matter; a changed ask does, and so does a version that never was.
func unchanged(request v1.Request, input v1.ReviewInput) error {
	sameAsk := input.SeenFingerprint == "" || input.SeenFingerprint == request.Fingerprint
	if sameAsk && input.SeenVersion <= request.Version {
		return nil
	}
	return Refuse(v1.CodeRequestChanged,
		"This request has changed since you saw it; look at it again and decide then.").About(request)
}

// settle resolves the request if the newest review reached a threshold's deny count or completed every rule. A review that
// counts for nothing resolves nothing.
func settle(request *v1.Request, review v1.Review) {
	if review.NoEffect() {
		return
	}
	by := review.Author
	resolution := v1.Resolution{At: review.Created, By: &by, Reason: review.Reason, ReviewID: review.ID}
	switch {
	case slices.ContainsFunc(request.Thresholds, v1.Threshold.Refused):
		resolve(request, v1.StateDenied, resolution)
	case granted(*request):
		resolve(request, v1.StateApproved, resolution)
		grant(request, request.Roles)
	}
}

func granted(request v1.Request) bool {
	for _, rule := range request.Rules {
		if !Satisfied(request, rule) {
			return false
		}
	}
	return len(request.Rules) > 0
}

// Satisfied says whether enough people approved for one rule of a request.
func Satisfied(request v1.Request, rule v1.Rule) bool {
	reached := func(i int) bool { return request.Thresholds[i].Reached() }
	missing := func(i int) bool { return !reached(i) }
	if rule.Require == v1.RequireAll && slices.ContainsFunc(rule.Thresholds, missing) {
		return false
	}
	return slices.ContainsFunc(rule.Thresholds, reached)
}

func resolve(request *v1.Request, state v1.State, resolution v1.Resolution) {
	resolution.State = state
	request.State = state
	request.Resolution = &resolution
}

func changed(request v1.Request, now time.Time) v1.Request {
	request.Version++
	request.Updated = now
	return request
}
