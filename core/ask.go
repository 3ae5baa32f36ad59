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
	Now                time.Time
}

// NewRequest turns an ask into a pending request, or refuses it. The default reviewers of the requester's roles are
// returned by name or e-mail address when the ask names none.
func NewRequest(ask Ask, roles *policy.Set) (request v1.Request, defaultReviewers []string, err error) {
	wanted, err := expandRoles(ask, roles)
	if err != nil {
		return v1.Request{}, nil, err
	}
	plan, err := roles.Plan(ask.Requester.Roles, wanted)
	if err != nil {
		return v1.Request{}, nil, Refuse(v1.CodeInvalid, "%v", err)
	}
	if err := checkReason(ask.Input.Reason, plan.ReasonRequired); err != nil {
		return v1.Request{}, nil, err
	}
	request = v1.Request{
		ID: ask.ID, Version: 1, State: v1.StatePending, Requester: ask.Requester.Ref(), Roles: wanted,
		Reason: strings.TrimSpace(ask.Input.Reason), SuggestedReviewers: ask.SuggestedReviewers,
		Created: ask.Now, Updated: ask.Now, Thresholds: plan.Thresholds, Rules: plan.Rules,
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

func expandRoles(ask Ask, roles *policy.Set) ([]string, error) {
	held := ask.Requester.Roles
	var wanted []string
	for _, name := range ask.Input.Roles {
		if name == "*" {
			wanted = append(wanted, roles.Requestable(held)...)
			continue
		}
		if !roles.MayRequest(held, name) {
			return nil, refuseRole(name, held, roles)
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

func refuseRole(name string, held []string, roles *policy.Set) error {
	offer := roles.Requestable(held)
	hint := "You may request none at present; ask an administrator for a role that allows it."
	if len(offer) > 0 {
		hint = "You may request: " + strings.Join(offer[:min(len(offer), 20)], ", ") + "."
	}
	if !roles.Has(name) {
		return Refuse(v1.CodeInvalidRole, "There is no role %q. %s", name, hint)
	}
	return Refuse(v1.CodeRoleNotRequestable, "Your roles do not let you request %q. %s", name, hint)
}

func checkReason(reason string, required bool) error {
	if required && strings.TrimSpace(reason) == "" {
		return Refuse(v1.CodeReasonRequired, "This request needs a reason. Say why you need the access.")
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
	session, err := within("session", ask.Input.SessionTTL.Std(), plan.SessionTTL)
	if err != nil {
		return err
	}
	request.SessionTTL = v1.Duration(session)
	length := session
	limit := plan.MaxDuration
	if limit.Value == 0 {
		limit = policy.Limit{Value: session, Role: plan.SessionTTL.Role}
	}
	if plan.MaxDuration.Value > 0 || ask.Input.MaxDuration != 0 {
		if length, err = within("access", ask.Input.MaxDuration.Std(), limit); err != nil {
			return err
		}
		request.MaxDuration = v1.Duration(length)
	}
	pending, err := within("wait for reviews", ask.Input.PendingTTL.Std(), policy.Limit{Value: min(MaxPending, length)})
	if err != nil {
		return err
	}
	request.Expires = request.Created.Add(pending)
	return nil
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
	if limit.Role != "" {
		by = ", set by role " + limit.Role + "."
	}
	return 0, Refuse(v1.CodeDurationTooLong, "The %s cannot last %s; the limit is %s%s",
		what, v1.Duration(asked), v1.Duration(limit.Value), by)
}

// Fingerprint identifies what a request asks: 16 hexadecimal digits that change when the ask does.
func Fingerprint(request v1.Request) string {
	return digest(request.ID, request)
}

// AskOf identifies what a request asks apart from its id, so that asking the same again can be noticed.
func AskOf(request v1.Request) string {
	return digest("", request)
}

func digest(id string, request v1.Request) string {
	body, err := json.Marshal([]any{
		id, request.Requester.Name, request.Roles, request.Reason,
		time.Duration(request.SessionTTL), time.Duration(request.MaxDuration),
	})
	if err != nil { // strings and numbers always encode
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}
