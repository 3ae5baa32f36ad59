package core

import (
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// EndedByExpiry is who ended an access that ran to its end.
const EndedByExpiry = "expiry"

// Withdraw takes a pending request back; only its requester may.
func Withdraw(request v1.Request, actor Actor, input v1.WithdrawInput, now time.Time) (v1.Request, error) {
	if actor.Person.Name != request.Requester.Name {
		return v1.Request{}, Refuse(v1.CodeForbidden, "Only %s can withdraw this request.", request.Requester.Shown())
	}
	if err := StillPending(request, now); err != nil {
		return v1.Request{}, err
	}
	if err := checkLength("reason", input.Reason); err != nil {
		return v1.Request{}, err
	}
	next := changed(request, now)
	by := actor.Person.Ref()
	resolve(&next, v1.StateWithdrawn, v1.Resolution{At: now, By: &by, Reason: strings.TrimSpace(input.Reason)})
	return next, nil
}

// Override decides a pending request past thresholds and review rules. Only administrators may, with a reason, and
// never on their own request.
func Override(request v1.Request, submission Submission, input v1.OverrideInput) (v1.Request, error) {
	if err := mayOverride(request, submission, input); err != nil {
		return v1.Request{}, err
	}
	review := v1.Review{
		ID: submission.ID, Author: submission.Author.Person.Ref(), Verdict: input.Verdict,
		Reason: strings.TrimSpace(input.Reason), Created: submission.Now, Via: submission.Author.Via, Override: true,
	}
	next := changed(request, submission.Now)
	by := review.Author
	resolution := v1.Resolution{At: review.Created, By: &by, Reason: review.Reason, ReviewID: review.ID, Override: true}
	if input.Verdict == v1.Deny {
		next.Reviews = append(slices.Clone(request.Reviews), review)
		resolve(&next, v1.StateDenied, resolution)
		return next, nil
	}
	roles := request.Roles
	if len(input.Roles) > 0 {
		roles, review.Roles = input.Roles, input.Roles
	}
	next.Reviews = append(slices.Clone(request.Reviews), review)
	resolve(&next, v1.StateApproved, resolution)
	grant(&next, roles)
	return next, nil
}

func mayOverride(request v1.Request, submission Submission, input v1.OverrideInput) error {
	person := submission.Author.Person
	if !person.Admin {
		return Refuse(v1.CodeForbidden, "Only an administrator can override the review rules.")
	}
	if !input.Verdict.Valid() {
		return Refuse(v1.CodeInvalid, "An override says approve or deny, not %q.", input.Verdict)
	}
	if err := StillPending(request, submission.Now); err != nil {
		return err
	}
	if person.Name == request.Requester.Name {
		return Refuse(v1.CodeSelfReview, "You asked for this access yourself; another administrator has to override it.")
	}
	if strings.TrimSpace(input.Reason) == "" {
		return Refuse(v1.CodeReasonRequired, "An override needs a reason; it is written down with your name.")
	}
	for _, role := range input.Roles {
		if !slices.Contains(request.Roles, role) {
			return Refuse(v1.CodeInvalidRole, "The request does not ask for %q; it asks for %s.",
				role, strings.Join(request.Roles, ", "))
		}
	}
	return checkLength("reason", input.Reason)
}

// maxNotes bounds the notes of a request, and maxNote the bytes of one that a plugin adds.
const (
	maxNotes = 50
	maxNote  = 1000
)

// Note adds a sentence to a pending request. It says false, and changes nothing, if the request has it already, has too
// many, or is no longer pending.
func Note(request v1.Request, text string, now time.Time) (v1.Request, bool, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxNote {
		return request, false, Refuse(v1.CodeInvalid, "A note has 1 to %d bytes.", maxNote)
	}
	if request.State.Resolved() || len(request.Notes) >= maxNotes || slices.Contains(request.Notes, text) {
		return request, false, nil
	}
	next := changed(request, now)
	next.Notes = append(slices.Clone(request.Notes), text)
	return next, true, nil
}

// Expire resolves a pending request whose time is over. It says false, and changes nothing, if it is not.
func Expire(request v1.Request, now time.Time) (v1.Request, bool) {
	if request.State != v1.StatePending || now.Before(request.Expires) {
		return request, false
	}
	next := changed(request, now)
	resolve(&next, v1.StateExpired, v1.Resolution{At: now, Reason: "Nobody decided in time."})
	return next, true
}
