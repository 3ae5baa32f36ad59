package core

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/policy"
)

// MaxPending is how long a request waits for reviews unless asked otherwise, and at most.
const MaxPending = 7 * 24 * time.Hour

// Ask is what somebody asks for.
type Ask struct {
	ID        string
	Requester v1.Person
	Input     v1.RequestInput
	// SuggestedReviewers are the people that Input names.
	SuggestedReviewers []v1.PersonRef
	// SignedInUntil bounds an elevated session: it ends with the session it was asked from. The zero time bounds nothing.
	SignedInUntil time.Time
	Now           time.Time
}

// NewRequest turns an ask into a pending request, or refuses it. The default reviewers of the requester's roles are
// returned by name or e-mail address when the ask names none.
func NewRequest(ask Ask, roles *policy.Set) (request v1.Request, defaultReviewers []string, err error) {
	wanted, plan, err := planOf(ask, roles)
	if err != nil {
		return v1.Request{}, nil, err
	}
	if err := checkReason(ask.Input.Reason, plan.ReasonRequired); err != nil {
		return v1.Request{}, nil, err
	}
	request = v1.Request{
		ID: ask.ID, Version: 1, State: v1.StatePending, Requester: ask.Requester.Ref(), Roles: wanted,
		Reason: strings.TrimSpace(ask.Input.Reason), SuggestedReviewers: ask.SuggestedReviewers,
		Created: ask.Now, Updated: ask.Now, Thresholds: plan.Thresholds, Rules: plan.Rules,
		Resources: ask.Input.Resources, Annotations: plan.Annotations, Prompts: plan.Prompts, Notes: plan.Notes,
		RequesterTraits: ask.Requester.Traits, AccessClock: clockShown(plan.AccessClock), AssumeStart: ask.Input.AssumeStart.UTC(),
		SessionAsked: ask.Input.SessionTTL, DryRun: ask.Input.DryRun,
	}
	if err := setTimes(&request, ask, plan); err != nil {
		return v1.Request{}, nil, err
	}
	request.Fingerprint = Fingerprint(request)
	if len(ask.SuggestedReviewers) == 0 {
		defaultReviewers = plan.SuggestedReviewers
	}
	return request, defaultReviewers, nil
}

// clockShown leaves out the clock that everybody expects.
func clockShown(clock v1.AccessClock) v1.AccessClock {
	if clock == v1.ClockCreation {
		return ""
	}
	return clock
}

// planOf says which roles the ask comes to and what it takes.
func planOf(ask Ask, roles *policy.Set) (wanted []string, plan policy.Plan, err error) {
	who := policy.SubjectOf(ask.Requester)
	if len(ask.Input.Resources) > 0 {
		if wanted, err = openingRoles(ask, roles); err != nil {
			return nil, policy.Plan{}, err
		}
		plan, err = roles.PlanResources(who, wanted)
	} else {
		if wanted, err = expandRoles(ask, roles); err != nil {
			return nil, policy.Plan{}, err
		}
		plan, err = roles.Plan(who, wanted)
	}
	if err != nil {
		return nil, policy.Plan{}, Refuse(v1.CodeInvalid, "%v", err)
	}
	return wanted, plan, nil
}

// openingRoles checks a request for resources and lists the roles that open them.
func openingRoles(ask Ask, roles *policy.Set) ([]string, error) {
	resources := ask.Input.Resources
	switch {
	case len(ask.Input.Roles) > 0:
		return nil, Refuse(v1.CodeMixedRequest, "One request asks for roles or for resources, not for both; make two requests.")
	case len(resources) > v1.MaxResources:
		return nil, Refuse(v1.CodeTooManyResources, "One request can ask for at most %d resources, this one asks for %d.",
			v1.MaxResources, len(resources))
	}
	for i, resource := range resources {
		if resource.Kind == "" || resource.Name == "" {
			return nil, Refuse(v1.CodeInvalid, "Resource %d needs a kind and a name.", i+1)
		}
	}
	through := roles.SearchAs(policy.SubjectOf(ask.Requester))
	if len(through) == 0 {
		return nil, Refuse(v1.CodeRoleNotRequestable, "None of your roles lets you request resources; ask an administrator for one that does.")
	}
	if len(through) > v1.MaxRoles {
		return nil, Refuse(v1.CodeInvalid, "Your roles open resources through %d roles; at most %d are possible.", len(through), v1.MaxRoles)
	}
	return through, nil
}

func expandRoles(ask Ask, roles *policy.Set) ([]string, error) {
	who := policy.SubjectOf(ask.Requester)
	var wanted []string
	for _, name := range ask.Input.Roles {
		if name == "*" {
			wanted = append(wanted, roles.Requestable(who)...)
			continue
		}
		if !roles.MayRequest(who, name) {
			return nil, refuseRole(name, who, roles)
		}
		if !roles.Has(name) {
			return nil, Refuse(v1.CodeInvalidRole, "There is no role %q. `accede get role` lists the roles.", name)
		}
		wanted = append(wanted, name)
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	switch {
	case len(wanted) == 0 && len(ask.Input.Roles) > 0:
		return nil, Refuse(v1.CodeRoleNotRequestable, "There is no role you may request and do not hold already.")
	case len(wanted) == 0:
		return nil, Refuse(v1.CodeInvalid, "Name at least one role to request.")
	case len(wanted) > v1.MaxRoles:
		return nil, Refuse(v1.CodeInvalid, "One request can ask for at most %d roles, this one asks for %d.",
			v1.MaxRoles, len(wanted))
	}
	return wanted, nil
}

func refuseRole(name string, who policy.Subject, roles *policy.Set) error {
	offer := roles.Requestable(who)
	hint := "You may request none at present; ask an administrator for a role that allows it."
	if len(offer) > 0 {
		hint = "You may request: " + strings.Join(offer[:min(len(offer), 20)], ", ") + "."
	}
	if !roles.Has(name) {
		return Refuse(v1.CodeInvalidRole, "There is no role %q. %s", name, hint)
	}
	return Refuse(v1.CodeRoleNotRequestable, "Your roles do not let you request %q. %s", name, hint)
}

func checkReason(reason, because string) error {
	if because != "" && strings.TrimSpace(reason) == "" {
		return Refuse(v1.CodeReasonRequired, "This request needs a reason, says role %s. Say why you need the access.", because)
	}
	return checkLength("reason", reason)
}

func checkLength(what, text string) error {
	if len(text) > v1.MaxReasonBytes {
		return Refuse(v1.CodeTooLong, "The %s has %d bytes; at most %d are allowed. Shorten it and try again.",
			what, len(text), v1.MaxReasonBytes)
	}
	return nil
}

func setTimes(request *v1.Request, ask Ask, plan policy.Plan) error {
	limit, err := sessionLimit(ask, plan)
	if err != nil {
		return err
	}
	session, err := within("session", ask.Input.SessionTTL.Std(), limit)
	if err != nil {
		return err
	}
	request.SessionTTL = v1.Duration(session)
	length := session
	limit = plan.MaxDuration
	if limit.Value == 0 {
		limit = policy.Limit{Value: session, Role: plan.SessionTTL.Role}
	}
	if plan.MaxDuration.Value > 0 || ask.Input.MaxDuration != 0 {
		if length, err = within("access", ask.Input.MaxDuration.Std(), limit); err != nil {
			return err
		}
		request.MaxDuration = v1.Duration(length)
	}
	if err := checkStart(request.AssumeStart, ask.Now); err != nil {
		return err
	}
	if err := checkWindow(*request); err != nil {
		return err
	}
	longest := policy.Limit{Value: MaxPending}
	if fromCreation(*request) { // the access runs while the request waits
		longest.Value = min(MaxPending, length)
	}
	pending, err := within("wait for reviews", ask.Input.PendingTTL.Std(), longest)
	if err != nil {
		return err
	}
	request.Expires = request.Created.Add(pending)
	return nil
}

// sessionLimit is the longest elevated session: as the roles say, and no longer than what is left of the requester's own.
func sessionLimit(ask Ask, plan policy.Plan) (policy.Limit, error) {
	limit := plan.SessionTTL
	if ask.SignedInUntil.IsZero() {
		return limit, nil
	}
	left := ask.SignedInUntil.Sub(ask.Now).Truncate(time.Second)
	switch {
	case left <= 0:
		return policy.Limit{}, Refuse(v1.CodeUnauthenticated, "Your session is over; sign in again.")
	case left < limit.Value:
		return policy.Limit{Value: left, By: "what is left of your session; sign in again for a longer one"}, nil
	}
	return limit, nil
}

// within returns what was asked, or the limit if nothing was asked.
func within(what string, asked time.Duration, limit policy.Limit) (time.Duration, error) {
	switch {
	case asked < 0:
		return 0, Refuse(v1.CodeInvalid, "The %s cannot last %s.", what, v1.Duration(asked))
	case asked == 0:
		return limit.Value, nil
	case asked <= limit.Value:
		return asked, nil
	}
	by := "."
	switch {
	case limit.Role != "":
		by = ", set by role " + limit.Role + "."
	case limit.By != "":
		by = ", " + limit.By + "."
	}
	return 0, Refuse(v1.CodeDurationTooLong, "The %s cannot last %s; the limit is %s%s",
		what, v1.Duration(asked), v1.Duration(limit.Value), by)
}

// Fingerprint identifies what a request asks: 16 hexadecimal digits that change when the ask does.
func Fingerprint(request v1.Request) string {
	return digest(request.ID, request.SessionTTL, request)
}

// AskOf identifies what a request asks apart from its id, so that asking the same again can be noticed. What is left of
// a session does not count: it is less each time.
func AskOf(request v1.Request) string {
	return digest("", request.SessionAsked, request)
}

func digest(id string, session v1.Duration, request v1.Request) string {
	parts := []any{
		id, request.Requester.Name, request.Roles, request.Reason, time.Duration(session), time.Duration(request.MaxDuration),
	}
	if len(request.Resources) > 0 || !request.AssumeStart.IsZero() {
		parts = append(parts, request.Resources, request.AssumeStart)
	}
	body, err := json.Marshal(parts)
	if err != nil { // strings and numbers always encode
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}
