package core

import (
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
)

// Actor is somebody who does something, and the door they came through.
type Actor struct {
	Person v1.Person
	// Token is what they signed in with; empty when a plugin vouches for a linked account.
	Token v1.Token
	Via   string
	// Identity is the linked account, when a plugin vouches for it.
	Identity *v1.Identity
}

// MaySee says whether the actor may read a request: administrators, the requester, whoever was suggested or has
// reviewed, and whoever may review it at some time through some door.
func MaySee(person v1.Person, request v1.Request, roles *policy.Set) bool {
	if person.Admin || person.Name == request.Requester.Name {
		return true
	}
	named := func(ref v1.PersonRef) bool { return ref.Name == person.Name }
	if slices.ContainsFunc(request.SuggestedReviewers, named) {
		return true
	}
	if slices.ContainsFunc(request.Reviews, func(r v1.Review) bool { return named(r.Author) }) {
		return true
	}
	return roles.MayReview(&policy.Facts{Reviewer: policy.SubjectOf(person), Request: &request}).May
}
