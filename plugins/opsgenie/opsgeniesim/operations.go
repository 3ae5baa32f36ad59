package opsgeniesim

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/accede/accede/plugins/standin"
)

// ownerOperations is how Operations names who did something.
func (s *Sim) ownerOperations(by author) string {
	if u, known := s.user(by.user); known {
		return u.AccountID
	}
	return by.text
}

// drawOperations is an alert as Operations shows it.
func (s *Sim) drawOperations(a *alert, whole bool) object {
	responders := []object{}
	for _, r := range a.responders {
		responders = append(responders, object{"type": r.Type, "id": r.ID})
	}
	out := object{
		"id": a.id, "tinyId": a.tiny, "alias": a.alias, "message": a.message, "status": a.status(), "acknowledged": a.acknowledged,
		"seen": true, "tags": nonNil(a.tags), "snoozed": false, "count": a.count, "createdAt": stamp(a.created),
		"updatedAt": stamp(a.updated(s.now(), 0)), "lastOccuredAt": stamp(a.created), "source": a.source, "owner": "", "priority": a.priority,
		"responders": responders, "integrationName": "API", "integrationType": "API", "entity": "",
	}
	if whole {
		out["description"], out["extraProperties"], out["actions"] = a.description, object{}, nonNil(a.actions)
	}
	return out
}

// byToken is the author of what comes with somebody's token.
func byToken(r *http.Request) author { return author{user: callerOf(r).user, text: "API"} }

func (s *Sim) createOperations(w http.ResponseWriter, r *http.Request) {
	var d draft
	switch {
	case !decode(r, &d) || d.Message == "":
		invalidOperations(w, "message must not be blank")
		return
	case utf8.RuneCountInString(d.Message) > maxMessage:
		invalidOperations(w, "message should not exceed 130 characters")
		return
	case slices.ContainsFunc(d.Responders, func(r responder) bool { return r.ID == "" }):
		invalidOperations(w, "responders need an id")
		return
	}
	s.mu.Lock()
	id := s.accept(s.create(d, byToken(r), ""))
	s.mu.Unlock()
	accepted(w, id)
}

func links(path string, r *http.Request, name, next string) object {
	if next == "" {
		return object{}
	}
	return object{"next": with("/v1/"+path, r.URL.Query(), name, next)}
}

func (s *Sim) listOperations(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found, ok := s.search(q, func(a *alert) object { return s.drawOperations(a, false) })
	size, offset := s.pageSize(q, "size"), number(q, "offset", 0)
	if !ok || offset < 0 || offset+size > farthest {
		invalidOperations(w, "query could not be parsed, or offset and size exceed 20000")
		return
	}
	page, next := part(found, offset, size)
	standin.WriteJSON(w, http.StatusOK, object{"values": page, "count": len(found), "links": links("alerts", r, "offset", text(next))})
}

func (s *Sim) aliasOperations(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.showOperations(w, s.withAlias(r.URL.Query().Get("alias")))
}

func (s *Sim) getOperations(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.showOperations(w, s.find(r.PathValue("id")))
}

func (s *Sim) showOperations(w http.ResponseWriter, a *alert) {
	if a == nil {
		refuseOperations(w, http.StatusNotFound, "Alert does not exist")
		return
	}
	standin.WriteJSON(w, http.StatusOK, s.drawOperations(a, true))
}

// partsOperations lists what belongs to an alert, newest first.
func (s *Sim) partsOperations(w http.ResponseWriter, r *http.Request, name, key string, list func(*alert) []object) {
	s.mu.Lock()
	a := s.find(r.PathValue("id"))
	var all []object
	if a != nil {
		all = list(a)
	}
	s.mu.Unlock()
	if a == nil {
		refuseOperations(w, http.StatusNotFound, "Alert does not exist")
		return
	}
	slices.Reverse(all)
	page, next := after(all, key, r.URL.Query().Get("after"), s.pageSize(r.URL.Query(), "size"))
	standin.WriteJSON(w, http.StatusOK, object{"values": page, "links": links("alerts/"+r.PathValue("id")+"/"+name, r, "after", next)})
}

func (s *Sim) drawNote(n note) object {
	return object{"id": n.id, "note": n.text, "owner": s.ownerOperations(n.by), "createdAt": stamp(n.at)}
}

func (s *Sim) notesOperations(w http.ResponseWriter, r *http.Request) {
	s.partsOperations(w, r, "notes", "id", func(a *alert) (all []object) {
		for _, n := range a.notes {
			all = append(all, s.drawNote(n))
		}
		return all
	})
}

func (s *Sim) logsOperations(w http.ResponseWriter, r *http.Request) {
	s.partsOperations(w, r, "logs", "offset", func(a *alert) (all []object) {
		for _, l := range a.log {
			all = append(all, object{
				"log": l.text, "logType": l.kind, "owner": s.ownerOperations(l.by), "logTime": stamp(l.at), "offset": l.offset,
			})
		}
		return all
	})
}

// noteOperations adds a note at once.
func (s *Sim) noteOperations(w http.ResponseWriter, r *http.Request) {
	var ask change
	if !decode(r, &ask) || strings.TrimSpace(ask.Note) == "" {
		invalidOperations(w, "note must not be blank")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find(r.PathValue("id"))
	if a == nil {
		refuseOperations(w, http.StatusNotFound, "Alert does not exist")
		return
	}
	n, _ := s.annotate(a, byToken(r), ask.Note)
	standin.WriteJSON(w, http.StatusOK, s.drawNote(n))
}

func (s *Sim) changeOperations(w http.ResponseWriter, r *http.Request, action string, do func(*alert, change) *outcome) {
	var ask change
	if !decode(r, &ask) {
		invalidOperations(w, "the body is no JSON")
		return
	}
	s.mu.Lock()
	o := missing(action)
	if a := s.find(r.PathValue("id")); a != nil {
		o = do(a, ask)
	}
	id := s.accept(o)
	s.mu.Unlock()
	accepted(w, id)
}

func (s *Sim) closeOperations(w http.ResponseWriter, r *http.Request) {
	s.changeOperations(w, r, "Close", func(a *alert, _ change) *outcome { return s.finish(a, byToken(r), "API") })
}

func (s *Sim) messageOperations(w http.ResponseWriter, r *http.Request) {
	s.changeOperations(w, r, "UpdateMessage", func(a *alert, ask change) *outcome { return s.rename(a, byToken(r), ask.Message) })
}

func (s *Sim) actionOperations(w http.ResponseWriter, r *http.Request) {
	s.changeOperations(w, r, "CustomAction", func(a *alert, ask change) *outcome { return s.press(a, byToken(r), ask.Action, "API") })
}

func (s *Sim) teamsOperations(w http.ResponseWriter, r *http.Request) {
	var all []object
	for _, t := range s.cfg.Teams {
		all = append(all, object{"teamId": t.ID, "teamName": t.Name})
	}
	q := r.URL.Query()
	page, next := part(all, number(q, "offset", 0), s.pageSize(q, "size"))
	standin.WriteJSON(w, http.StatusOK, object{"platformTeams": page, "links": links("teams", r, "offset", text(next))})
}

func drawOperationsSchedule(sc Schedule) object {
	return object{"id": sc.ID, "name": sc.Name, "timezone": sc.TimeZone, "enabled": !sc.Disabled, "teamId": sc.Team, "description": ""}
}

func (s *Sim) schedulesOperations(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var all []object
	for _, sc := range s.cfg.Schedules {
		if strings.Contains(strings.ToLower(sc.Name), strings.ToLower(q.Get("query"))) {
			all = append(all, drawOperationsSchedule(sc))
		}
	}
	page, next := part(all, number(q, "offset", 0), s.pageSize(q, "size"))
	standin.WriteJSON(w, http.StatusOK, object{"values": page, "links": links("schedules", r, "offset", text(next))})
}

// operationsSchedule finds the schedule of a path, by id only, or answers that there is none.
func (s *Sim) operationsSchedule(w http.ResponseWriter, r *http.Request) (Schedule, bool) {
	sc, known := s.schedule(r.PathValue("id"))
	if !known {
		refuseOperations(w, http.StatusNotFound, "Schedule does not exist")
	}
	return sc, known
}

func (s *Sim) scheduleOperations(w http.ResponseWriter, r *http.Request) {
	if sc, known := s.operationsSchedule(w, r); known {
		standin.WriteJSON(w, http.StatusOK, drawOperationsSchedule(sc))
	}
}

// onCallsOperations says nothing about the schedule itself, and names people by their account ids.
func (s *Sim) onCallsOperations(w http.ResponseWriter, r *http.Request) {
	sc, known := s.operationsSchedule(w, r)
	if !known {
		return
	}
	s.mu.Lock()
	present := s.present(sc, s.now())
	s.mu.Unlock()
	if r.URL.Query().Get("flat") == "true" {
		ids := []string{}
		for _, u := range s.flat(present) {
			ids = append(ids, u.AccountID)
		}
		standin.WriteJSON(w, http.StatusOK, object{"onCallUsers": ids})
		return
	}
	standin.WriteJSON(w, http.StatusOK, object{"onCallParticipants": drawParticipants(present, s.drawJSM)})
}

func (s *Sim) timelineOperations(w http.ResponseWriter, r *http.Request) {
	sc, known := s.operationsSchedule(w, r)
	switch {
	case !known:
	case s.cfg.NoTimeline:
		refuseOperations(w, http.StatusPaymentRequired, "Your plan does not have timelines")
	default:
		standin.WriteJSON(w, http.StatusOK, s.timeline(sc, r.URL.Query(), "responder", s.drawJSM))
	}
}
