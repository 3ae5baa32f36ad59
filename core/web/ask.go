package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

const askPath = "/ask"

func (s *site) askRoutes() {
	s.page("GET "+askPath, showAsk)
	s.page("POST "+askPath, askFor)
}

// showAsk shows the form: empty, with roles that the address names, or as an older request was asked.
func showAsk(v *visit) error {
	query := v.r.URL.Query()
	form := askForm{zone: v.clock().Zone.String()}
	if id := query.Get("again"); id != "" {
		older, err := v.older(id)
		if err != nil {
			return err
		}
		form = again(older, form.zone)
	}
	form.add(query["role"]...)
	return v.showAsk(http.StatusOK, form, problems{}, nil)
}

func (v *visit) older(id string) (v1.Request, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return v1.Request{}, errNoPage
	}
	request, err := v.Service.Request(v.ctx(), v.actor, parsed.String())
	return request, notVisible(err)
}

// askFor does what the pressed button says. Only one of them makes a request; the others work on the form, which the browser
// holds all the while.
func askFor(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	form, err := readAskForm(values)
	if err != nil {
		return err
	}
	what, argument, _ := strings.Cut(values.Get("do"), ":")
	wrong := problems{}
	switch what {
	case "send":
		return v.submit(form)
	case "add":
		form.add(argument)
		form.find, form.said = "", argument+" is added."
	case "drop":
		form.drop(argument)
		form.said = argument + " is removed."
	case "add-resource":
		form.addResource(wrong)
	case "drop-resource":
		form.dropResource(argument)
	}
	return v.showAsk(http.StatusOK, form, wrong, nil)
}

// submit makes the request, or shows beside each field what is wrong with it.
func (v *visit) submit(form askForm) error {
	input, wrong := form.input()
	if len(wrong) > 0 {
		return v.showAsk(http.StatusUnprocessableEntity, form, wrong, nil)
	}
	request, created, err := v.Service.Create(v.ctx(), v.actor, input)
	if err != nil {
		return v.refuseAsk(form, wrong, err)
	}
	if created {
		v.flash(ui.Good, "Your request is sent.")
	} else {
		v.flash(ui.Plain, "You have asked for this already, and it still waits. This is that request.")
	}
	return v.redirect(requestPath(request))
}

func (v *visit) refuseAsk(form askForm, wrong problems, err error) error {
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok || slices.Contains([]v1.Code{v1.CodeInternal, v1.CodeUnavailable, v1.CodeUnauthenticated}, refusal.Code) {
		return err
	}
	switch {
	case form.empty():
		wrong[whatField] = refusal.Message
	case refusal.Code == v1.CodeReasonRequired:
		wrong[reasonField] = refusal.Message
	}
	return v.showAsk(http.StatusUnprocessableEntity, form, wrong, refusal)
}

// showAsk shows the form with what it would come to. A refusal that is about no single field is shown above it.
func (v *visit) showAsk(status int, form askForm, wrong problems, refusal *core.Error) error {
	view := askView{form: form, wrong: wrong, clock: v.clock()}
	var err error
	if view.can, err = v.Service.Capabilities(v.ctx(), v.actor); err != nil {
		return err
	}
	roles, err := v.Service.Roles(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	view.offer, view.more = offers(view.can, roles, form)
	if err := v.consider(&view); err != nil {
		return err
	}
	page := screen{title: "Ask for access", status: status, content: askPage(view), scripts: []string{htmxScript}}
	if refusal != nil && len(wrong) == 0 {
		page.notices = []ui.Notice{{Tone: ui.Bad, Text: refusal.Message}}
	}
	return v.render(page)
}

// offered is a role that can be asked for.
type offered struct{ name, description string }

// mostOffered is how many roles are listed at a time.
const mostOffered = 20

// offers lists what can be added to the request: what was typed stands in its name or description, word by word.
func offers(can v1.Capabilities, roles []v1.Role, form askForm) (list []offered, more int) {
	descriptions := make(map[string]string, len(roles))
	for _, role := range roles {
		descriptions[role.Metadata.Name] = role.Metadata.Description
	}
	words := strings.Fields(strings.ToLower(form.find))
	for _, name := range can.RequestableRoles {
		text := strings.ToLower(name + " " + descriptions[name])
		lacks := func(word string) bool { return !strings.Contains(text, word) }
		if slices.Contains(form.roles, name) || slices.ContainsFunc(words, lacks) {
			continue
		}
		if len(list) == mostOffered {
			more++
			continue
		}
		list = append(list, offered{name, descriptions[name]})
	}
	return list, more
}
