package hosttest

import (
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
)

// NewRequest returns a pending request of alice for the role dba that takes two approvals.
func NewRequest(now time.Time) v1.Request {
	return v1.Request{
		ID: uuid.Must(uuid.NewV7()).String(), Version: 1, Fingerprint: "7f3a92c40b1d5e68", State: v1.StatePending,
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice", Email: "alice@example.com"},
		Roles:     []string{"dba"}, Reason: "Migrate the billing tables (OPS-1432)",
		Created: now, Updated: now, Expires: now.Add(24 * time.Hour), SessionTTL: v1.Duration(8 * time.Hour),
		Thresholds: []v1.Threshold{{Approve: 2, Deny: 1}},
		Rules:      []v1.Rule{{Role: "dba", From: "contractor", Require: v1.RequireAny, Thresholds: []int{0}}},
	}
}

// Reviewed returns the next version of a request, with one more review.
func Reviewed(request v1.Request, author string, verdict v1.Verdict, reason string) v1.Request {
	next := request
	next.Version++
	next.Updated = request.Updated.Add(time.Minute)
	next.Reviews = append(append([]v1.Review(nil), request.Reviews...), v1.Review{
		ID:     uuid.NewSHA1(uuid.MustParse(request.ID), []byte(author)).String(),
		Author: v1.PersonRef{Name: author, DisplayName: title(author), Email: author + "@example.com"}, Verdict: verdict, Reason: reason,
		Created: next.Updated, Via: v1.ViaCLI, Thresholds: []int{0},
	})
	next.Thresholds = append([]v1.Threshold(nil), request.Thresholds...)
	if verdict == v1.Approve {
		next.Thresholds[0].Approvals++
	} else {
		next.Thresholds[0].Denials++
	}
	return next
}

// Resolved returns the next version of a request, in a final state.
func Resolved(request v1.Request, state v1.State, by string) v1.Request {
	next := request
	next.Version++
	next.State = state
	next.Updated = request.Updated.Add(time.Minute)
	next.Resolution = &v1.Resolution{State: state, At: next.Updated}
	if by != "" {
		next.Resolution.By = &v1.PersonRef{Name: by, DisplayName: title(by)}
	}
	if state == v1.StateApproved {
		next.Access = &v1.Access{Roles: request.Roles, Starts: next.Updated, Expires: next.Updated.Add(request.SessionTTL.Std())}
	}
	return next
}

// Started returns the next version of an approved request, whose access has begun.
func Started(request v1.Request, at time.Time) v1.Request {
	next, access := request, *request.Access
	next.Version++
	next.Updated, access.Started = at, &at
	next.Access = &access
	return next
}

// Reminded returns the next version of an approved request, whose access ends in ten minutes.
func Reminded(request v1.Request) v1.Request {
	next, access := request, *request.Access
	next.Version++
	at := access.Expires.Add(-10 * time.Minute)
	next.Updated, access.Reminded = at, &at
	next.Access = &access
	return next
}

// Ended returns the next version of an approved request, whose access is over.
func Ended(request v1.Request) v1.Request {
	next := request
	next.Version++
	next.Updated = request.Access.Expires
	access := *request.Access
	ended := request.Access.Expires
	access.Ended, access.EndedBy = &ended, "expiry"
	next.Access = &access
	return next
}

func title(name string) string { return string(name[0]-'a'+'A') + name[1:] }
