package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

const historyPath = "/requests"

func (s *site) historyRoutes() {
	s.page("GET "+historyPath, showHistory)
	s.mux.Handle("GET "+historyPath+"/export", s.unhurried(export))
}

// historyForm is what the list of requests is narrowed by, as it was typed.
type historyForm struct {
	states                      []string
	role, asker, reviewer, text string
	since, until                string
	wrong                       problems
}

// me is how people name themselves in a filter.
const me = "me"

func readHistoryForm(query url.Values) historyForm {
	get := func(name string) string { return strings.TrimSpace(query.Get(name)) }
	form := historyForm{
		role: get("role"), asker: get("asker"), reviewer: get("reviewer"), text: get("text"), since: get("since"), until: get("until"),
		wrong: problems{},
	}
	for _, state := range query["state"] {
		if state != "" {
			form.states = append(form.states, state)
		}
	}
	return form
}

// query is the form as an address has it, without what is empty.
func (f historyForm) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"role": f.role, "asker": f.asker, "reviewer": f.reviewer, "text": f.text, "since": f.since, "until": f.until,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(f.states) > 0 {
		query["state"] = f.states
	}
	return query
}

// state is the one that the form shows as chosen.
func (f historyForm) state() string {
	if len(f.states) == 0 {
		return ""
	}
	return f.states[0]
}

// filter is what the form means to the reader, whose days are those of their zone.
func (f historyForm) filter(reader v1.Person, zone *time.Location) core.RequestFilter {
	filter := core.RequestFilter{
		Requester: orReader(f.asker, reader), Reviewer: orReader(f.reviewer, reader), Role: f.role, Text: f.text, Limit: pageLength,
	}
	for _, name := range f.states {
		state := v1.State(strings.ToUpper(name))
		if !slices.Contains(v1.States(), state) {
			f.wrong["state"] = "There is no such state; choose one from the list."
			continue
		}
		filter.States = append(filter.States, state)
	}
	filter.Since = f.day("since", f.since, zone)
	if filter.Until = f.day("until", f.until, zone); !filter.Until.IsZero() {
		filter.Until = filter.Until.AddDate(0, 0, 1) // to the end of that day
	}
	if len(f.text) > maxSearch {
		f.wrong["text"] = "This is too long to search for; write a part of it."
	}
	return filter
}

// maxSearch bounds, in bytes, what is searched for.
const maxSearch = 256

func (f historyForm) day(field, text string, zone *time.Location) time.Time {
	if text == "" {
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		f.wrong[field] = "Write a date such as 2026-05-04."
		return time.Time{}
	}
	return day
}

func orReader(name string, reader v1.Person) string {
	if name == me {
		return reader.Name
	}
	return name
}

// historyView is what the list of requests shows.
type historyView struct {
	form   historyForm
	page   v1.RequestPage
	first  bool
	reader v1.Person
	clock  ui.Clock
}

func showHistory(v *visit) error {
	query := v.r.URL.Query()
	form := readHistoryForm(query)
	view := historyView{form: form, reader: v.actor.Person, clock: v.clock(), first: query.Get("before") == ""}
	filter := form.filter(view.reader, view.clock.Zone)
	var err error
	if filter.Before, err = cursorOf(query.Get("before")); err != nil {
		return err
	}
	page := screen{title: "Requests"}
	if len(form.wrong) > 0 {
		page.status = http.StatusUnprocessableEntity
	} else if view.page, err = v.Service.Browse(v.ctx(), v.actor, filter); err != nil {
		return err
	}
	page.content = historyPage(view)
	return v.render(page)
}

// older is the address of the next page.
func (h historyView) older() string {
	query := h.form.query()
	query.Set("before", h.page.Next)
	return historyPath + "?" + query.Encode()
}

// newest is the address of the first page.
func (h historyView) newest() string { return h.withPath(historyPath) }

// withPath is an address with the same filters.
func (h historyView) withPath(path string) string {
	if query := h.form.query().Encode(); query != "" {
		return path + "?" + query
	}
	return path
}

// exportAs is the address of a file with everything that the filters let through.
func (h historyView) exportAs(format string) string {
	query := h.form.query()
	query.Set("format", format)
	return historyPath + "/export?" + query.Encode()
}

// tab is a list that people look at often.
type tab struct {
	text, path string
	here       bool
}

// tabs are the lists that people look at often.
func (h historyView) tabs() []tab {
	list := []struct {
		text string
		form historyForm
	}{
		{"All", historyForm{}},
		{"Yours", historyForm{asker: me}},
		{"You had a part in", historyForm{reviewer: me}},
	}
	tabs := make([]tab, 0, len(list))
	for _, one := range list {
		path := historyView{form: one.form}.newest()
		tabs = append(tabs, tab{one.text, path, h.newest() == path})
	}
	return tabs
}

// stateChoices are the states to choose from.
func stateChoices() []ui.Choice {
	choices := []ui.Choice{{Value: "", Text: "Any"}}
	for _, state := range v1.States() {
		if state != v1.StatePromoted {
			choices = append(choices, ui.Choice{Value: strings.ToLower(string(state)), Text: stateWord(state)})
		}
	}
	return choices
}
