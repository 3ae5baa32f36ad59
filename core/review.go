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
	if err := mayReview(request, submission, roles); err != nil {
		return v1.Request{}, err
	}
	review := v1.Review{
		ID: submission.ID, Author: submission.Author.Person.Ref(), Verdict: submission.Input.Verdict,
		Reason: strings.TrimSpace(submission.Input.Reason), Created: submission.Now, Via: submission.Author.Via,
		Identity: submission.Author.Identity, SeenVersion: submission.Input.SeenVersion,
		SeenFingerprint: submission.Input.SeenFingerprint,
	}
	next := changed(request, submission.Now)
	next.Thresholds = slices.Clone(request.Thresholds)
	for i := range next.Thresholds {
		review.Thresholds = append(review.Thresholds, i)
		count(&next.Thresholds[i], review.Verdict)
	}
	next.Reviews = append(slices.Clone(request.Reviews), review)
	settle(&next, review)
	return next, nil
}

func count(threshold *v1.Threshold, verdict v1.Verdict) {
	if verdict == v1.Approve {
		threshold.Approvals++
		return
	}
	threshold.Denials++
}

func mayReview(request v1.Request, submission Submission, roles *policy.Set) error {
	person, input := submission.Author.Person, submission.Input
	if !input.Verdict.Valid() {
		return Refuse(v1.CodeInvalid, "A review says approve or deny, not %q.", input.Verdict)
	}
	if err := StillPending(request, submission.Now); err != nil {
		return err
	}
	if person.Name == request.Requester.Name {
		return Refuse(v1.CodeSelfReview, "You asked for this access yourself; somebody else has to review it.").About(request)
	}
	if person.Disabled {
		return Refuse(v1.CodeForbidden, "Your account is disabled; ask an administrator.")
	}
	if may, missing := roles.MayReview(person.Roles, request.Roles); !may {
		return Refuse(v1.CodeNotAReviewer, "None of your roles lets you review requests for %s.", missing).About(request)
	}
	if slices.ContainsFunc(request.Reviews, func(r v1.Review) bool { return r.Author.Name == person.Name }) {
		return Refuse(v1.CodeAlreadyReviewed, "You have reviewed this request already; one person counts once.").About(request)
	}
	if err := unchanged(request, input); err != nil {
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

// settle resolves the request if the newest review reached a threshold's deny count or completed every rule.
func settle(request *v1.Request, review v1.Review) {
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
		reached := func(i int) bool { return request.Thresholds[i].Reached() }
		missing := func(i int) bool { return !reached(i) }
		if rule.Require == v1.RequireAll && slices.ContainsFunc(rule.Thresholds, missing) {
			return false
		}
		if !slices.ContainsFunc(rule.Thresholds, reached) {
			return false
		}
	}
	return len(request.Rules) > 0
}

func resolve(request *v1.Request, state v1.State, resolution v1.Resolution) {
	resolution.State = state
	request.State = state
	request.Resolution = &resolution
}

// grant opens the access window; it is measured from the request's creation.
func grant(request *v1.Request, roles []string) {
	length := request.SessionTTL.Std()
	if request.MaxDuration > 0 {
		length = request.MaxDuration.Std()
	}
	request.Access = &v1.Access{Roles: roles, Starts: request.Updated, Expires: request.Created.Add(length)}
}

func changed(request v1.Request, now time.Time) v1.Request {
	request.Version++
	request.Updated = now
	return request
}
