package opsgeniesim

import (
	"net/http"
	"strings"
)

// byIdentifier answers with what has an id or a name, as the parameter says.
func (s *Sim) byIdentifier(w http.ResponseWriter, r *http.Request, all []object) {
	kind := r.URL.Query().Get("identifierType")
	if kind != "name" {
		kind = "id"
	}
	for _, one := range all {
		if one[kind] == r.PathValue("id") {
			s.answerOpsgenie(w, object{"data": one})
			return
		}
	}
	s.refuseOpsgenie(w, http.StatusNotFound, 40400, "No such resource exists")
}

func (s *Sim) teamOpsgenie(w http.ResponseWriter, r *http.Request) {
	var all []object
	for _, t := range s.cfg.Teams {
		if own := callerOf(r).team; own == "" || own == t.ID {
			all = append(all, object{"id": t.ID, "name": t.Name, "description": ""})
		}
	}
	s.byIdentifier(w, r, all)
}

func (s *Sim) escalationOpsgenie(w http.ResponseWriter, r *http.Request) {
	var all []object
	for _, e := range s.cfg.Escalations {
		all = append(all, object{"id": e.ID, "name": e.Name})
	}
	s.byIdentifier(w, r, all)
}

func drawUser(u User) object {
	return object{
		"id": u.ID, "username": u.Email, "fullName": u.FullName, "blocked": u.Blocked, "verified": true,
		"role": object{"id": "User", "name": "User"},
	}
}

func (s *Sim) usersOpsgenie(w http.ResponseWriter, r *http.Request) {
	var all []object
	for _, u := range s.cfg.Users {
		if !u.Outside {
			all = append(all, drawUser(u))
		}
	}
	q := r.URL.Query()
	page, next := part(all, number(q, "offset", 0), s.pageSize(q, "limit"))
	s.answerOpsgenie(w, object{"data": page, "totalCount": len(all), "paging": paging("users", q, "offset", text(next))})
}

func (s *Sim) userOpsgenie(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	u, known := s.userBy(func(u User) bool { return u.ID == id || strings.EqualFold(u.Email, id) })
	if !known {
		s.refuseOpsgenie(w, http.StatusNotFound, 40400, "No user exists with this identifier")
		return
	}
	s.answerOpsgenie(w, object{"data": drawUser(u)})
}

func (s *Sim) schedulesOpsgenie(w http.ResponseWriter, _ *http.Request) {
	all := []object{}
	for _, sc := range s.cfg.Schedules {
		all = append(all, drawSchedule(sc))
	}
	s.answerOpsgenie(w, object{"data": all})
}

func drawSchedule(sc Schedule) object {
	return object{
		"id": sc.ID, "name": sc.Name, "timezone": sc.TimeZone, "enabled": !sc.Disabled, "description": "",
		"ownerTeam": object{"id": sc.Team}, "rotations": []object{},
	}
}

func (s *Sim) scheduleOpsgenie(w http.ResponseWriter, r *http.Request) {
	var all []object
	for _, sc := range s.cfg.Schedules {
		all = append(all, drawSchedule(sc))
	}
	s.byIdentifier(w, r, all)
}

// scheduleOf finds the schedule of a path, or answers that there is none.
func (s *Sim) scheduleOf(w http.ResponseWriter, r *http.Request) (Schedule, bool) {
	sc, known := s.schedule(r.PathValue("id"))
	if r.URL.Query().Get("scheduleIdentifierType") == "name" {
		for _, one := range s.cfg.Schedules {
			if one.Name == r.PathValue("id") {
				sc, known = one, true
			}
		}
	}
	if !known {
		s.refuseOpsgenie(w, http.StatusNotFound, 40400, "No schedule exists with this identifier")
	}
	return sc, known
}

func (s *Sim) onCallsOpsgenie(w http.ResponseWriter, r *http.Request) {
	sc, known := s.scheduleOf(w, r)
	if !known {
		return
	}
	data := object{"_parent": object{"id": sc.ID, "name": sc.Name, "enabled": !sc.Disabled}}
	s.mu.Lock()
	present := s.present(sc, s.now())
	s.mu.Unlock()
	if r.URL.Query().Get("flat") == "true" {
		names := []string{}
		for _, u := range s.flat(present) {
			names = append(names, u.Email)
		}
		data["onCallRecipients"] = names
	} else {
		data["onCallParticipants"] = drawParticipants(present, drawGenie)
	}
	s.answerOpsgenie(w, object{"data": data})
}

func (s *Sim) timelineOpsgenie(w http.ResponseWriter, r *http.Request) {
	sc, known := s.scheduleOf(w, r)
	switch {
	case !known:
		return
	case s.cfg.NoTimeline:
		s.refuseOpsgenie(w, http.StatusPaymentRequired, 40200, "Your plan does not have timelines")
		return
	}
	data := s.timeline(sc, r.URL.Query(), "recipient", drawGenie)
	data["_parent"] = object{"id": sc.ID, "name": sc.Name, "enabled": !sc.Disabled}
	s.answerOpsgenie(w, object{"data": data})
}
