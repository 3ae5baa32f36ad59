package web

import (
	"net/url"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

// overrideForm is what an administrator typed to decide past the rules.
type overrideForm struct {
	reason string
	roles  []string
	// sent says that the form came back with something wrong.
	sent bool
}

func override(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	id, err := v.requestID()
	if err != nil {
		return err
	}
	form := decisionForm{override: overrideForm{reason: values.Get(overrideReason), roles: values["role"], sent: true}}
	input, err := overrideInput(values)
	if err != nil {
		return v.refuseOnPage(form, err)
	}
	request, err := v.Service.Override(v.ctx(), v.actor, id, input)
	if err != nil {
		return v.refuseOnPage(form, err)
	}
	v.flash(ui.Good, stateWord(request.State)+" by your override.")
	return v.redirect(requestPath(request))
}

// overrideReason is the field's name; "reason" is that of a review, which can be on the same page.
const overrideReason = "override_reason"

// overrideInput reads the form, which names each role to be approved. None named would be all of them to the core.
func overrideInput(values url.Values) (v1.OverrideInput, error) {
	verdict, err := verdictOf(values)
	if err != nil {
		return v1.OverrideInput{}, err
	}
	input := v1.OverrideInput{Verdict: verdict, Reason: newlines(values.Get(overrideReason))}
	if input.Verdict != v1.Approve {
		return input, nil
	}
	if input.Roles = values["role"]; len(input.Roles) == 0 {
		return v1.OverrideInput{}, core.Refuse(v1.CodeInvalid, "No role is ticked, so nothing was approved. Tick what to approve, or deny the request.")
	}
	return input, nil
}

// mayOverride says whether the page offers to decide past the rules.
func (r requestView) mayOverride() bool {
	return r.reader.Admin && !r.own() && !r.request.State.Resolved()
}

// choosesRoles says whether an override may approve a part of what is asked.
func (r requestView) choosesRoles() bool {
	return len(r.request.Roles) > 1 && len(r.request.Resources) == 0
}

// ticked says whether an override would approve a role.
func (f overrideForm) ticked(role string) bool { return !f.sent || slices.Contains(f.roles, role) }
