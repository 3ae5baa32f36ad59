package opsgeniesim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// alert is one alert. The state's lock guards it.
type alert struct {
	id, tiny, alias, message, description, priority, source string
	closed, acknowledged                                    bool
	tags, actions                                           []string
	responders                                              []responder
	count, renamed                                          int
	created, readable                                       time.Time
	touched                                                 []time.Time
	notes                                                   []note
	log                                                     []line
}

type responder struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// author is who did something: a person by name, or a text that came through the API.
type author struct{ user, text string }

type note struct {
	id, text string
	by       author
	at       time.Time
}

type line struct {
	offset, text, kind string
	by                 author
	at                 time.Time
}

// The vendor's limits: https://docs.opsgenie.com/docs/alert-api#create-alert.
const (
	maxMessage     = 130
	maxAlias       = 512
	maxDescription = 15000
	maxNote        = 25000
	maxActions     = 10
	maxAction      = 50
)

// cut is what the vendor does with values that are too long, without a word.
func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}

// draft is an alert as somebody asks for it.
type draft struct {
	Message     string      `json:"message"`
	Alias       string      `json:"alias"`
	Description string      `json:"description"`
	Responders  []responder `json:"responders"`
	Actions     []string    `json:"actions"`
	Tags        []string    `json:"tags"`
	Priority    string      `json:"priority"`
	Source      string      `json:"source"`
	User        string      `json:"user"`
}

// create makes an alert, or counts another occurrence of the open one with the same alias. The state's lock must be held.
func (s *Sim) create(d draft, by author, team string) *outcome {
	if s.cfg.Refuse != "" {
		return &outcome{action: "Create", status: s.cfg.Refuse}
	}
	if team != "" {
		d.Responders = []responder{{Type: "team", ID: team}}
	}
	for _, r := range d.Responders {
		if !s.isResponder(r) {
			return &outcome{action: "Create", status: "Responder " + r.Type + " does not exist"}
		}
	}
	now := s.now()
	d.Alias = cut(d.Alias, maxAlias)
	for _, a := range s.alerts {
		if !a.closed && d.Alias != "" && a.alias == d.Alias {
			a.count++
			s.record(a, by, "system", "Alert count is increased to "+strconv.Itoa(a.count))
			return &outcome{action: "Create", success: true, status: "Created alert", alert: a}
		}
	}
	a := &alert{
		id: s.newID() + "-" + strconv.FormatInt(now.UnixMilli(), 10), tiny: strconv.Itoa(len(s.alerts) + 1), alias: d.Alias,
		message: cut(d.Message, maxMessage), description: cut(d.Description, maxDescription), priority: d.Priority, source: d.Source,
		tags: d.Tags, actions: d.Actions, responders: d.Responders, count: 1, created: now, readable: now.Add(s.cfg.Hidden),
	}
	if a.alias == "" {
		a.alias = a.id
	}
	if a.priority == "" {
		a.priority = "P3"
	}
	if len(a.actions) > maxActions {
		a.actions = a.actions[:maxActions]
	}
	s.alerts = append(s.alerts, a)
	s.record(a, by, "system", "Alert created via API")
	return &outcome{action: "Create", success: true, status: "Created alert", alert: a}
}

func (s *Sim) isResponder(r responder) bool {
	known := false
	switch r.Type {
	case "team":
		known = slices.ContainsFunc(s.cfg.Teams, func(t Team) bool { return r.ID == t.ID || r.ID == "" && r.Name == t.Name })
	case "schedule":
		known = slices.ContainsFunc(s.cfg.Schedules, func(sc Schedule) bool { return r.ID == sc.ID || r.ID == "" && r.Name == sc.Name })
	case "escalation":
		known = slices.ContainsFunc(s.cfg.Escalations, func(e Escalation) bool { return r.ID == e.ID || r.ID == "" && r.Name == e.Name })
	case "user":
		_, known = s.userBy(func(u User) bool { return r.ID == u.ID || r.ID == u.AccountID })
	}
	return known
}

// record writes into an alert's log. The state's lock must be held.
func (s *Sim) record(a *alert, by author, kind, text string) {
	now := s.now()
	s.serial++
	a.log = append(a.log, line{
		offset: fmt.Sprintf("%d_%d%06d", now.UnixMilli(), now.UnixMilli(), s.serial), text: text, kind: kind, by: by, at: now,
	})
	a.touched = append(a.touched, now)
	s.changes.Touch()
}

// updated is when an alert was last changed, as far as somebody can see who looks with a delay.
func (a *alert) updated(now time.Time, lag time.Duration) time.Time {
	for _, at := range slices.Backward(a.touched) {
		if !at.After(now.Add(-lag)) {
			return at
		}
	}
	return a.created
}

// find looks an alert up by its id or its short number. The state's lock must be held.
func (s *Sim) find(id string) *alert {
	for _, a := range s.alerts {
		if (a.id == id || a.tiny == id) && !a.readable.After(s.now()) {
			return a
		}
	}
	return nil
}

// withAlias looks the open alert with an alias up. The state's lock must be held.
func (s *Sim) withAlias(alias string) *alert {
	for _, a := range s.alerts {
		if a.alias == alias && !a.closed && !a.readable.After(s.now()) {
			return a
		}
	}
	return nil
}

// annotate adds a note. The state's lock must be held.
func (s *Sim) annotate(a *alert, by author, text string) (note, *outcome) {
	n := note{id: s.newID(), text: cut(text, maxNote), by: by, at: s.now()}
	a.notes = append(a.notes, n)
	s.record(a, by, "user", "Added note ["+text+"]")
	return n, &outcome{action: "AddNote", success: true, status: "Added note", alert: a}
}

// rename sets the message. The state's lock must be held.
func (s *Sim) rename(a *alert, by author, message string) *outcome {
	if a.closed {
		return &outcome{action: "UpdateMessage", status: "Alert is closed", alert: a}
	}
	a.message = cut(message, maxMessage)
	a.renamed++
	s.record(a, by, "user", "Message is updated")
	return &outcome{action: "UpdateMessage", success: true, status: "Updated message", alert: a}
}

// finish closes an alert. The state's lock must be held.
func (s *Sim) finish(a *alert, by author, channel string) *outcome {
	if a.closed {
		return &outcome{action: "Close", status: "Alert is already closed", alert: a}
	}
	a.closed = true
	s.record(a, by, "user", "Alert closed via "+channel)
	return &outcome{action: "Close", success: true, status: "Closed alert", alert: a}
}

// press executes a button. The state's lock must be held.
func (s *Sim) press(a *alert, by author, action, channel string) *outcome {
	known := slices.ContainsFunc(a.actions, func(have string) bool { return strings.EqualFold(have, action) })
	switch {
	case a.closed:
		return &outcome{action: action, status: "Alert is closed", alert: a}
	case !known:
		return &outcome{action: action, status: "Action is not one of the alert's", alert: a}
	}
	s.record(a, by, "user", fmt.Sprintf(s.cfg.ActionLog, action, channel))
	return &outcome{action: action, success: true, status: "Executed action", alert: a}
}

// Draft is an alert that a test puts there without asking through an API.
type Draft struct {
	Alias, Message, Description, Priority, Team string
	Tags, Actions                               []string
}

// Put makes an alert at once and returns its id.
func (s *Sim) Put(d Draft) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.create(draft{
		Message: d.Message, Alias: d.Alias, Description: d.Description, Priority: d.Priority, Tags: d.Tags, Actions: d.Actions,
		Responders: []responder{{Type: "team", ID: d.Team}},
	}, author{text: "API"}, "")
	if made.alert == nil {
		return ""
	}
	return made.alert.id
}
