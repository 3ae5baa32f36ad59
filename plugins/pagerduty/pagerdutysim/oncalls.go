package pagerdutysim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// forcedShift is somebody whom a visitor of the sandbox put on call. While there is one, its schedule has only such people.
type forcedShift struct {
	schedule, user string
	level          int
	from, until    time.Time
}

// onCall is one row of what PagerDuty says about who is on call.
type onCall struct {
	user, schedule, policy string
	level                  int
	from, until            time.Time
}

func (s *Sim) schedule(id string) (Schedule, bool) {
	for _, sc := range s.cfg.Schedules {
		if sc.ID == id {
			return sc, true
		}
	}
	return Schedule{}, false
}

// shifts lists who is on a schedule between two moments. Level is 0 where the policy's own level holds. The state's lock
// must be held.
func (s *Sim) shifts(sc Schedule, since, until time.Time) []forcedShift {
	var out []forcedShift
	for _, f := range s.forced {
		if f.schedule == sc.ID && (span{f.user, f.from, f.until}).overlaps(since, until) {
			out = append(out, f)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, p := range sc.rendered(since) {
		if p.overlaps(since, until) {
			out = append(out, forcedShift{schedule: sc.ID, user: p.user, from: p.from, until: p.until})
		}
	}
	return out
}

// onCalls lists one row per policy, level and person. The state's lock must be held.
func (s *Sim) onCalls(since, until time.Time) []onCall {
	var rows []onCall
	for _, policy := range s.cfg.Policies {
		for n, targets := range policy.Levels {
			for _, target := range targets {
				rows = append(rows, s.targetRows(policy.ID, target, n+1, since, until)...)
			}
		}
	}
	return rows
}

func (s *Sim) targetRows(policy, target string, level int, since, until time.Time) []onCall {
	sc, known := s.schedule(target)
	if !known {
		return []onCall{{user: target, policy: policy, level: level}}
	}
	if sc.ShiftBased && !s.cfg.OnCallsCoverShiftBased {
		return nil
	}
	var rows []onCall
	for _, shift := range s.shifts(sc, since, until) {
		row := onCall{user: shift.user, schedule: sc.ID, policy: policy, level: level, from: shift.from, until: shift.until}
		if shift.level > 0 {
			row.level = shift.level
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *Sim) listOnCalls(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, ok := moment(q, "since", s.now())
	until, alsoOK := moment(q, "until", since)
	if !ok || !alsoOK || until.Before(since) {
		invalid(w, "until must not be before since")
		return
	}
	s.mu.Lock()
	found := []object{}
	for _, row := range s.onCalls(since, until) {
		if row.asked(q) {
			found = append(found, s.wireOnCall(row, q))
		}
	}
	s.mu.Unlock()
	s.page(w, q, "oncalls", found)
}

func (row onCall) asked(q url.Values) bool {
	within := func(name, value string) bool { return len(q[name]) == 0 || slices.Contains(q[name], value) }
	schedule := row.schedule
	if schedule == "" {
		schedule = "null"
	}
	return within("schedule_ids[]", schedule) && within("user_ids[]", row.user) && within("escalation_policy_ids[]", row.policy)
}

func (s *Sim) wireOnCall(row onCall, q url.Values) object {
	out := object{
		"user": s.userRef(row.user), "schedule": nil, "escalation_policy": s.policyRef(row.policy),
		"escalation_level": row.level, "start": nullable(row.from), "end": nullable(row.until),
	}
	if slices.Contains(q["include[]"], "users") {
		u, _ := s.user(row.user)
		out["user"] = s.wireUser(u)
	}
	if sc, known := s.schedule(row.schedule); known {
		out["schedule"] = s.ref("schedule", sc.ID, sc.Name)
	}
	return out
}

func (s *Sim) policyRef(id string) object {
	for _, p := range s.cfg.Policies {
		if p.ID == id {
			return s.ref("escalation_policy", id, p.Name)
		}
	}
	return s.ref("escalation_policy", id, id)
}

func (s *Sim) listSchedules(w http.ResponseWriter, r *http.Request) {
	found := []object{}
	for _, sc := range s.cfg.Schedules {
		if !sc.ShiftBased && strings.Contains(strings.ToLower(sc.Name), strings.ToLower(r.URL.Query().Get("query"))) {
			found = append(found, object{"id": sc.ID, "type": "schedule", "summary": sc.Name, "name": sc.Name, "time_zone": sc.TimeZone})
		}
	}
	s.page(w, r.URL.Query(), "schedules", found)
}

// getSchedule serves the older generation.
func (s *Sim) getSchedule(w http.ResponseWriter, r *http.Request) {
	sc, known := s.schedule(r.PathValue("id"))
	if !known || sc.ShiftBased {
		notFound(w)
		return
	}
	entries := s.rendered(sc, r.URL.Query(), func(f forcedShift) object {
		return object{"start": stamp(f.from), "end": stamp(f.until), "user": s.userRef(f.user)}
	})
	standin.WriteJSON(w, http.StatusOK, object{"schedule": object{
		"id": sc.ID, "type": "schedule", "summary": sc.Name, "name": sc.Name, "time_zone": sc.TimeZone,
		"escalation_policies": s.policiesWith(sc.ID),
		"final_schedule":      object{"name": "Final Schedule", "rendered_schedule_entries": entries},
	}})
}

// getShiftBased serves the newer generation, and refuses the older one.
func (s *Sim) getShiftBased(w http.ResponseWriter, r *http.Request) {
	sc, known := s.schedule(r.PathValue("id"))
	switch {
	case !known:
		notFound(w)
		return
	case !sc.ShiftBased:
		invalid(w, "Schedule has not been upgraded to a shift-based schedule")
		return
	}
	out := object{
		"id": sc.ID, "type": "schedule_v3", "name": sc.Name, "time_zone": sc.TimeZone, "escalation_policies": s.policiesWith(sc.ID),
	}
	if slices.Contains(r.URL.Query()["include[]"], "final_schedule") {
		out["final_schedule"] = object{
			"type": "final_schedule", "rendered_coverage_percentage": 100,
			"computed_shift_assignments": s.rendered(sc, r.URL.Query(), assignment),
		}
	}
	standin.WriteJSON(w, http.StatusOK, object{"schedule": out})
}

func assignment(f forcedShift) object {
	member := object{"type": "user_member", "user_id": f.user}
	if f.user == "" {
		member = object{"type": "empty_member"}
	}
	return object{
		"type": "computed_shift_assignment", "start_time": stamp(f.from), "end_time": stamp(f.until), "member": member,
		"source": object{"type": "rotation"},
	}
}

// rendered lists what is between since and until, cut to them unless overflow is asked for.
func (s *Sim) rendered(sc Schedule, q url.Values, draw func(forcedShift) object) []object {
	since, _ := moment(q, "since", s.now())
	until, _ := moment(q, "until", since)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []object{}
	for _, f := range s.shifts(sc, since, until) {
		if q.Get("overflow") != "true" {
			f.from, f.until = later(f.from, since), earlier(f.until, until)
		}
		out = append(out, draw(f))
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (s *Sim) policiesWith(schedule string) []object {
	out := []object{}
	for _, p := range s.cfg.Policies {
		if slices.ContainsFunc(p.Levels, func(level []string) bool { return slices.Contains(level, schedule) }) {
			out = append(out, s.policyRef(p.ID))
		}
	}
	return out
}
