package opsgeniesim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// forcedShift is somebody whom a visitor of the sandbox put on call. While there is one, its schedule has only such people.
type forcedShift struct {
	schedule, user string
	level          int
	from, until    time.Time
}

// part of a schedule that is on call: a user, or a group with what is inside.
type onCall struct {
	kind string // user, team, escalation, schedule or noone
	user User
	id   string
	name string
	// minutes is when an escalation's step calls; below zero outside of escalations.
	minutes int
	inside  []onCall
}

const notAStep = -1

// forcedEscalation stands on a schedule when somebody was put on call below the first level.
const forcedEscalation = "d3300000-0000-4000-8000-00000000f0ce"

// stepMinutes is the time between the steps of that escalation.
const stepMinutes = 10

// inForce lists who was put on call by hand and still is. The state's lock must be held.
func (s *Sim) inForce(sc Schedule, t time.Time) []forcedShift {
	var out []forcedShift
	for _, f := range s.forced {
		if f.schedule == sc.ID && !f.from.After(t) && t.Before(f.until) {
			out = append(out, f)
		}
	}
	return out
}

// present lists what is on call at a moment. The state's lock must be held.
func (s *Sim) present(sc Schedule, t time.Time) []onCall {
	if forced := s.inForce(sc, t); len(forced) > 0 {
		return s.byHand(forced)
	}
	return s.onCalendar(sc, t, deepest)
}

const deepest = 5

func (s *Sim) onCalendar(sc Schedule, t time.Time, depth int) []onCall {
	var out []onCall
	for _, rotation := range sc.rendered(t) {
		for _, p := range rotation {
			if p.covers(t) {
				out = append(out, s.expand(p.who, t, depth))
			}
		}
	}
	return out
}

// byHand puts people of the first level on the schedule, and others at the steps of an escalation.
func (s *Sim) byHand(forced []forcedShift) []onCall {
	var out []onCall
	group := onCall{kind: "escalation", id: forcedEscalation, name: "Put there by hand", minutes: notAStep}
	for _, f := range forced {
		u, _ := s.user(f.user)
		if f.level == 1 {
			out = append(out, onCall{kind: "user", user: u, minutes: notAStep})
			continue
		}
		for step := 2; step < f.level; step++ {
			group.inside = append(group.inside, onCall{kind: "noone", minutes: (step - 1) * stepMinutes})
		}
		group.inside = append(group.inside, onCall{kind: "user", user: u, minutes: (f.level - 1) * stepMinutes})
	}
	if len(group.inside) > 0 {
		out = append(out, group)
	}
	return out
}

// expand finds out who is behind a name.
func (s *Sim) expand(who string, t time.Time, depth int) onCall {
	kind, id, grouped := strings.Cut(who, ":")
	if !grouped {
		u, _ := s.user(who)
		return onCall{kind: "user", user: u, minutes: notAStep}
	}
	out := onCall{kind: kind, id: id, minutes: notAStep}
	if depth == 0 {
		return out
	}
	switch kind {
	case "team":
		team, _ := s.team(id)
		out.name = team.Name
		for _, member := range team.Members {
			out.inside = append(out.inside, s.expand(member, t, depth-1))
		}
	case "escalation":
		e, _ := s.escalation(id)
		out.name = e.Name
		for _, step := range e.Steps {
			inside := s.expand(step.Who, t, depth-1)
			inside.minutes = step.Minutes
			out.inside = append(out.inside, inside)
		}
	case "schedule":
		sc, _ := s.schedule(id)
		out.name = sc.Name
		if forced := s.inForce(sc, t); len(forced) > 0 {
			out.inside = s.byHand(forced)
		} else {
			out.inside = s.onCalendar(sc, t, depth-1)
		}
	}
	return out
}

// flat lists everybody, whatever step calls them, once.
func (s *Sim) flat(present []onCall) []User {
	var out []User
	for _, p := range present {
		found := s.flat(p.inside)
		if p.kind == "user" {
			found = append(found, p.user)
		}
		for _, u := range found {
			if !slices.ContainsFunc(out, func(have User) bool { return have.Name == u.Name }) {
				out = append(out, u)
			}
		}
	}
	return out
}

func drawParticipants(present []onCall, draw func(onCall) object) []object {
	out := []object{}
	for _, p := range present {
		one := draw(p)
		if p.kind != "user" && p.kind != "noone" {
			one["onCallParticipants"] = drawParticipants(p.inside, draw)
		}
		out = append(out, one)
	}
	return out
}

func drawGenie(p onCall) object {
	out := object{"type": p.kind, "id": p.id, "name": p.name}
	switch p.kind {
	case "user":
		out["id"], out["name"] = p.user.ID, p.user.Email
	case "noone":
		return object{"type": "none", "escalationTime": p.minutes}
	}
	if p.minutes != notAStep {
		out["escalationTime"] = p.minutes
	}
	return out
}

// drawJSM has no names.
func (s *Sim) drawJSM(p onCall) object {
	out := drawGenie(p)
	delete(out, "name")
	if p.kind == "user" {
		out["id"] = p.user.AccountID
	}
	if p.kind == "noone" {
		out["type"] = "noone"
	}
	if s.cfg.NoTimes {
		delete(out, "escalationTime")
	}
	return out
}

// timeline lists the turns of each rotation for as long as was asked for: https://docs.opsgenie.com/docs/schedule-api#get-schedule-timeline.
func (s *Sim) timeline(sc Schedule, q url.Values, whose string, draw func(onCall) object) object {
	now := s.now()
	begin := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	end := begin.AddDate(0, 0, max(number(q, "interval", 1), 1)*daysOf(q.Get("intervalUnit")))
	s.mu.Lock()
	defer s.mu.Unlock()
	rotations := []object{}
	for n, turns := range s.turnsOf(sc, now) {
		periods := []object{}
		for _, p := range turns {
			if !p.from.Before(end) || !begin.Before(p.until) {
				continue
			}
			kind := "default"
			if p.override {
				kind = "override"
			}
			periods = append(periods, object{
				"startDate": stamp(latest(p.from, begin)), "endDate": stamp(earliest(p.until, end)), "type": kind, whose: draw(s.expand(p.who, now, 1)),
			})
		}
		rotations = append(rotations, object{"id": sc.ID + "-" + strconv.Itoa(n), "name": "Rotation " + strconv.Itoa(n+1), "order": n + 1, "periods": periods})
	}
	return object{"startDate": stamp(begin), "endDate": stamp(end), "finalTimeline": object{"rotations": rotations}}
}

// turnsOf lists the turns that count: those that were made by hand, if there are any. The state's lock must be held.
func (s *Sim) turnsOf(sc Schedule, now time.Time) [][]span {
	forced := s.inForce(sc, now)
	if len(forced) == 0 {
		return sc.rendered(now)
	}
	var byHand []span
	for _, f := range forced {
		who := f.user
		if f.level > 1 {
			who = "escalation:" + forcedEscalation
		}
		byHand = append(byHand, span{who: who, from: f.from, until: f.until, override: true})
	}
	return [][]span{byHand}
}

func daysOf(unit string) int {
	switch unit {
	case "days":
		return 1
	case "months":
		return 30
	default:
		return 7
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
