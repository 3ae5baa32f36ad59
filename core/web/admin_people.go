package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/web/ui"
)

func (s *site) adminPeopleRoutes() {
	s.admin("GET "+peoplePath, showPeople)
	s.admin("GET "+adminPath+"/new-person", showNewPerson)
	s.admin("POST "+peoplePath, addPerson)
	s.adminPersonRoutes()
}

// peopleOnPage is how many people a page lists.
const peopleOnPage = 50

// peopleView is one page of the people who match.
type peopleView struct {
	text   string
	people []v1.Person
	// all is how many match; page is counted from 1.
	all, page int
}

func showPeople(v *visit) error {
	query := v.r.URL.Query()
	people, err := v.Service.People(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	view := peopleView{text: strings.TrimSpace(query.Get("q"))}
	people = matching(people, view.text)
	view.all, view.page = len(people), pageNumber(query.Get("page"), len(people))
	from := (view.page - 1) * peopleOnPage
	view.people = people[from:min(from+peopleOnPage, len(people))]
	return v.render(screen{title: "People", content: peoplePage(view)})
}

// pageNumber is the page that was asked for, or the nearest there is.
func pageNumber(text string, all int) int {
	page, err := strconv.Atoi(text)
	if err != nil {
		return 1
	}
	return max(1, min(page, (all+peopleOnPage-1)/peopleOnPage))
}

// matching are the people in whose names, address or roles a text occurs.
func matching(people []v1.Person, text string) []v1.Person {
	text = strings.ToLower(text)
	people = slices.DeleteFunc(people, func(p v1.Person) bool {
		return !strings.Contains(strings.ToLower(strings.Join(append([]string{p.Name, p.DisplayName, p.Email}, p.Roles...), "\n")), text)
	})
	slices.SortFunc(people, func(a, b v1.Person) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Ref().Shown()), strings.ToLower(b.Ref().Shown())), cmp.Compare(a.Name, b.Name))
	})
	return people
}

// pagePath leads to another page of the same list.
func (p peopleView) pagePath(page int) string {
	values := url.Values{"page": {strconv.Itoa(page)}}
	if p.text != "" {
		values.Set("q", p.text)
	}
	return query(peoplePath, values)
}

func (p peopleView) more() bool { return p.page*peopleOnPage < p.all }

func (p peopleView) summary() string {
	text := countOf(p.all, "person", "people")
	if p.all > peopleOnPage {
		from := (p.page-1)*peopleOnPage + 1
		text = fmt.Sprintf("%d to %d of %s", from, from+len(p.people)-1, text)
	}
	return text
}

// personForm is what was typed about a person.
type personForm struct {
	name, displayName, email string
	kind                     v1.PersonKind
	roles                    []string
	traits                   string
	admin                    bool
}

func formOf(person v1.Person) personForm {
	return personForm{
		name: person.Name, displayName: person.DisplayName, email: person.Email, kind: person.Kind, roles: person.Roles,
		traits: traitsText(person.Traits), admin: person.Admin,
	}
}

func readPersonForm(values url.Values) personForm {
	return personForm{
		name: strings.TrimSpace(values.Get("name")), displayName: strings.TrimSpace(values.Get("display_name")),
		email: strings.TrimSpace(values.Get("email")), kind: v1.PersonKind(values.Get("kind")), roles: values["roles"],
		traits: newlines(values.Get("traits")), admin: values.Get("admin") == "yes",
	}
}

// input is what the form asks to be saved.
func (f personForm) input() (v1.PersonInput, error) {
	traits, err := parseTraits(f.traits)
	if err != nil {
		return v1.PersonInput{}, err
	}
	roles := append([]string{}, f.roles...)
	return v1.PersonInput{
		DisplayName: &f.displayName, Email: &f.email, Kind: &f.kind, Roles: &roles, Traits: &traits, Admin: &f.admin,
	}, nil
}

// newPersonView is the form for a new person.
type newPersonView struct {
	form  personForm
	roles []v1.Role
}

func showNewPerson(v *visit) error {
	return v.showNewPerson(http.StatusOK, personForm{kind: v1.KindHuman}, nil)
}

func (v *visit) showNewPerson(status int, form personForm, notices []ui.Notice) error {
	roles, err := v.Service.Roles(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(screen{title: "Add a person", status: status, notices: notices, content: newPersonPage(newPersonView{form, roles})})
}

func addPerson(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	form := readPersonForm(values)
	if err := v.addPerson(form, values.Get("password")); err != nil {
		status, notices, ok := told(err)
		if !ok {
			return err
		}
		return v.showNewPerson(status, form, notices)
	}
	v.flash(ui.Good, form.name+" is added.")
	return v.redirect(personPath(form.name))
}

func (v *visit) addPerson(form personForm, password string) error {
	if err := v.free(form.name); err != nil {
		return err
	}
	input, err := form.input()
	if err != nil {
		return err
	}
	if password != "" {
		input.Password = &password
	}
	_, err = v.Service.SavePerson(v.ctx(), v.actor, form.name, input)
	return err
}

func personPath(name string) string { return peoplePath + "/" + url.PathEscape(name) }
