package core

import (
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
)

// Capabilities says what somebody may ask for and what it takes.
func Capabilities(person v1.Person, roles *policy.Set, signedInUntil, now time.Time) v1.Capabilities {
	who := policy.SubjectOf(person)
	can := v1.Capabilities{
		RequestableRoles: append([]string{}, roles.Requestable(who)...), SearchAsRoles: roles.SearchAs(who),
		RequestAccess: roles.RequestAccess(who),
		Limits: v1.RequestLimits{
			MaxRoles: v1.MaxRoles, MaxResources: v1.MaxResources, MaxReasonBytes: v1.MaxReasonBytes,
			MaxSession: v1.Duration(policy.MaxSession), MaxDuration: v1.Duration(policy.MaxAccess),
			MaxPending: v1.Duration(MaxPending), MaxStartAhead: v1.Duration(MaxStartAhead),
		},
	}
	if left := signedInUntil.Sub(now).Truncate(time.Second); !signedInUntil.IsZero() && left < policy.MaxSession {
		can.Limits.MaxSession = v1.Duration(max(left, 0))
	}
	can.ReasonRequired = can.RequestAccess == v1.RequestReason
	offer(&can, who, roles)
	return can
}

// offer adds what the plans of single roles say about reviewers, prompts and reasons.
func offer(can *v1.Capabilities, who policy.Subject, roles *policy.Set) {
	for _, name := range append([]string{""}, can.RequestableRoles...) {
		plan, err := roles.Plan(who, []string{name})
		if err != nil {
			continue // such a request would be refused, saying why
		}
		can.SuggestedReviewers = merged(can.SuggestedReviewers, plan.SuggestedReviewers)
		can.Prompts = merged(can.Prompts, plan.Prompts)
		if plan.ReasonRequired != "" && name != "" {
			can.RolesWithReason = append(can.RolesWithReason, name)
		}
	}
	slices.Sort(can.SuggestedReviewers)
}
