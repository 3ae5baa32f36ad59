package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

const onePersonPath = peoplePath + "/{name}"

func (s *site) adminPersonRoutes() {
	s.admin("GET "+onePersonPath, showPerson)
	s.admin("POST "+onePersonPath, changePerson)
	s.admin("POST "+onePersonPath+"/password", setPassword)
	s.admin("POST "+onePersonPath+"/disable", func(v *visit) error { return v.disable(true) })
	s.admin("POST "+onePersonPath+"/enable", func(v *visit) error { return v.disable(false) })
	s.admin("POST "+onePersonPath+"/links", addLink)
	s.admin("POST "+onePersonPath+"/links/remove", removePersonLink)
	s.admin("POST "+onePersonPath+"/sessions/{id}/end", endPersonSession)
}

// personView is what an administrator sees of a person.
type personView struct {
	person v1.Person
	form   personForm
	roles  []v1.Role
	links  []v1.Link
	tokens []v1.Token
	// plugins are those in which accounts can be connected.
	plugins []string
	// self says that the administrator looks at themselves.
	self  bool
	clock ui.Clock
}

func (p personView) path() string { return personPath(p.person.Name) }

// named is the person that the address names, by their one name.
func (v *visit) named() (v1.Person, error) {
	return v.Service.Person(v.ctx(), v.actor, v.r.PathValue("name"))
}

func showPerson(v *visit) error {
	person, err := v.named()
	if err != nil {
		return err
	}
	if person.Name != v.r.PathValue("name") {
		return v.redirect(personPath(person.Name))
	}
	return v.showPerson(http.StatusOK, person, formOf(person), nil)
}

func (v *visit) showPerson(status int, person v1.Person, form personForm, notices []ui.Notice) error {
	view := personView{person: person, form: form, self: person.Name == v.actor.Person.Name, clock: v.clock()}
	var err error
	if view.roles, err = v.Service.Roles(v.ctx(), v.actor); err != nil {
		return err
	}
	if view.links, err = v.Service.Links(v.ctx(), v.actor, person.Name); err != nil {
		return err
	}
	if view.tokens, err = v.Service.Tokens(v.ctx(), v.actor, person.Name); err != nil {
		return err
	}
	slices.Reverse(view.tokens)
	statuses, err := v.Service.Plugins(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	for _, status := range statuses {
		view.plugins = append(view.plugins, status.Name)
	}
	return v.render(screen{title: person.Ref().Shown(), status: status, notices: notices, content: personPage(view)})
}

// refuseOnPerson shows the person as they are, with what was typed and the refusal above.
func (v *visit) refuseOnPerson(person v1.Person, form personForm, err error) error {
	status, notices, ok := told(err)
	if !ok {
		return err
	}
	return v.showPerson(status, person, form, notices)
}

func changePerson(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	person, err := v.named()
	if err != nil {
		return err
	}
	form := readPersonForm(values)
	form.name = person.Name
	if err := v.changePerson(person, form, values.Get("seen")); err != nil {
		return v.refuseOnPerson(person, form, err)
	}
	v.flash(ui.Good, person.Ref().Shown()+" is changed.")
	return v.redirect(personPath(person.Name))
}

func (v *visit) changePerson(person v1.Person, form personForm, seen string) error {
	if seen != stamp(person) {
		return core.Refuse(v1.CodeConflict, "Somebody else has changed %s since you opened this page, so nothing was saved. What you "+
			"typed is below; “As they are” shows what is stored.", person.Name)
	}
	if person.Name == v.actor.Person.Name && person.Admin && !form.admin {
		return core.Refuse(v1.CodeInvalid, "You cannot take your own rights away here. Ask another administrator.")
	}
	input, err := form.input()
	if err != nil {
		return err
	}
	_, err = v.Service.SavePerson(v.ctx(), v.actor, person.Name, input)
	return err
}

// stamp tells two states of a record apart.
func stamp(record any) string {
	body, err := json.Marshal(record)
	if err != nil {
		return "" // plain data, which can be encoded
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12])
}

// free refuses the name of somebody who is there already.
func (v *visit) free(name string) error {
	_, err := v.Service.Person(v.ctx(), v.actor, name)
	if err == nil {
		return core.Refuse(v1.CodeConflict, "There is a person %q already. Change them instead of adding them.", name)
	}
	if core.CodeOf(err) != v1.CodeNotFound {
		return err
	}
	return nil
}

func setPassword(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	person, err := v.named()
	if err != nil {
		return err
	}
	password := values.Get("password")
	if _, err := v.Service.SavePerson(v.ctx(), v.actor, person.Name, v1.PersonInput{Password: &password}); err != nil {
		return v.refuseOnPerson(person, formOf(person), err)
	}
	v.flash(ui.Good, "The password of "+person.Ref().Shown()+" is set.")
	return v.redirect(personPath(person.Name))
}

func (v *visit) disable(disabled bool) error {
	person, err := v.named()
	if err != nil {
		return err
	}
	if disabled && person.Name == v.actor.Person.Name {
		err := core.Refuse(v1.CodeInvalid, "You cannot disable yourself here. Ask another administrator.")
		return v.refuseOnPerson(person, formOf(person), err)
	}
	_, err = v.Service.SavePerson(v.ctx(), v.actor, person.Name, v1.PersonInput{Disabled: &disabled})
	text := person.Ref().Shown() + " can sign in again."
	if disabled {
		text = person.Ref().Shown() + " is disabled: they cannot sign in, ask or decide any more."
	}
	return v.done(personPath(person.Name), text, err)
}

// traitsText writes traits a line each, to be edited.
func traitsText(traits map[string][]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		fmt.Fprintf(&text, "%s = %s\n", name, strings.Join(traits[name], ", "))
	}
	return text.String()
}

func parseTraits(text string) (map[string][]string, error) {
	traits := map[string][]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, values, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, core.Refuse(v1.CodeInvalid, "%.64q is not a trait; write one a line, such as team = dba, sre.", line)
		}
		for value := range strings.SplitSeq(values, ",") {
			if value = strings.TrimSpace(value); value != "" {
				traits[name] = append(traits[name], value)
			}
		}
	}
	return traits, nil
}

// rightsOf says in a word or two what is special about a person.
func rightsOf(p v1.Person) (ui.Tone, string) {
	switch {
	case p.Disabled:
		return ui.Bad, "disabled"
	case p.Admin:
		return ui.Good, "administrator"
	case p.Kind == v1.KindService:
		return ui.Plain, "service user"
	default:
		return "", ""
	}
}

// plainText keeps browsers from improving a technical word.
func plainText() templ.Attributes {
	return templ.Attributes{"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
}
