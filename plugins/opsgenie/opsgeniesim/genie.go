package opsgeniesim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// status is open or closed.
func (a *alert) status() string {
	if a.closed {
		return "closed"
	}
	return "open"
}

// drawOpsgenie is an alert as Opsgenie shows it; whole adds what only the alert itself has, and lists have not.
func (s *Sim) drawOpsgenie(a *alert, whole bool) object {
	teams := []object{}
	for _, r := range a.responders {
		teams = append(teams, object{"type": r.Type, "id": r.ID})
	}
	out := object{
		"id": a.id, "tinyId": a.tiny, "alias": a.alias, "message": a.message, "status": a.status(), "acknowledged": a.acknowledged,
		"isSeen": true, "tags": nonNil(a.tags), "snoozed": false, "count": a.count, "lastOccurredAt": stamp(a.created), "createdAt": stamp(a.created),
		"updatedAt": stamp(a.updated(s.now(), 0)), "source": a.source, "owner": "", "priority": a.priority, "responders": teams,
		"integration": object{"id": s.cfg.CloudID, "name": "API", "type": "API"},
	}
	if whole {
		out["actions"], out["entity"], out["description"], out["details"] = nonNil(a.actions), "", a.description, object{}
	}
	return out
}

func nonNil(list []string) []string { return append([]string{}, list...) }

// ownerOpsgenie is how Opsgenie names who did something.
func (s *Sim) ownerOpsgenie(by author) string {
	if u, known := s.user(by.user); known {
		return u.Email
	}
	return by.text
}

// free is the author of what comes through Opsgenie's API: whatever the caller writes.
func free(user string, c caller) author {
	if user == "" {
		return author{text: "Alert API"}
	}
	return author{user: c.user, text: user}
}

func (s *Sim) createOpsgenie(w http.ResponseWriter, r *http.Request) {
	var d draft
	if !decode(r, &d) || d.Message == "" {
		s.refuseOpsgenie(w, http.StatusUnprocessableEntity, 42200, "Request body is not processable. Please check the errors: message must not be empty")
		return
	}
	if slices.ContainsFunc(d.Actions, func(name string) bool { return len(name) > maxAction }) {
		s.refuseOpsgenie(w, http.StatusUnprocessableEntity, 42200, "An action is too long")
		return
	}
	s.mu.Lock()
	id := s.accept(s.create(d, free(d.User, callerOf(r)), callerOf(r).team))
	s.mu.Unlock()
	accepted(w, id)
}

func (s *Sim) listOpsgenie(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found, ok := s.search(q, func(a *alert) object { return s.drawOpsgenie(a, false) })
	size, offset := s.pageSize(q, "limit"), number(q, "offset", 0)
	if !ok || offset < 0 || offset+size > farthest {
		s.refuseOpsgenie(w, http.StatusUnprocessableEntity, 42200, "Query could not be parsed, or offset and limit exceed 20000")
		return
	}
	page, next := part(found, offset, size)
	s.answerOpsgenie(w, object{"data": page, "paging": paging("alerts", q, "offset", text(next))})
}

// farthest is where lists of alerts end.
const farthest = 20_000

func text(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func paging(path string, q url.Values, name, next string) object {
	out := object{"first": "https://api.opsgenie.com/v2/" + path}
	if next != "" {
		out["next"] = with("https://api.opsgenie.com/v2/"+path, q, name, next)
	}
	return out
}

// named finds the alert that a request's path means. The state's lock must be held.
func (s *Sim) named(r *http.Request) *alert {
	if r.URL.Query().Get("identifierType") == "alias" {
		return s.withAlias(r.PathValue("id"))
	}
	return s.find(r.PathValue("id"))
}

// withOpsgenie hands an alert over, or answers that there is none. The state's lock is held meanwhile.
func (s *Sim) withOpsgenie(w http.ResponseWriter, r *http.Request, draw func(*alert) object) {
	s.mu.Lock()
	a := s.named(r)
	var out object
	if a != nil {
		out = draw(a)
	}
	s.mu.Unlock()
	if a == nil {
		s.refuseOpsgenie(w, http.StatusNotFound, 40400, "Alert does not exist")
		return
	}
	s.answerOpsgenie(w, out)
}

func (s *Sim) getOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.withOpsgenie(w, r, func(a *alert) object { return object{"data": s.drawOpsgenie(a, true)} })
}

func (s *Sim) notesOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.withOpsgenie(w, r, func(a *alert) object {
		var all []object
		for _, n := range slices.Backward(a.notes) {
			all = append(all, object{"note": n.text, "owner": s.ownerOpsgenie(n.by), "createdAt": stamp(n.at), "offset": n.id})
		}
		return s.slice(r, all, "notes")
	})
}

func (s *Sim) logsOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.withOpsgenie(w, r, func(a *alert) object {
		var all []object
		for _, l := range slices.Backward(a.log) {
			all = append(all, object{
				"log": l.text, "type": l.kind, "owner": s.ownerOpsgenie(l.by), "createdAt": stamp(l.at), "offset": l.offset,
			})
		}
		return s.slice(r, all, "logs")
	})
}

func (s *Sim) slice(r *http.Request, all []object, name string) object {
	q := r.URL.Query()
	if q.Get("order") == "asc" {
		slices.Reverse(all)
	}
	page, next := after(all, "offset", q.Get("offset"), s.pageSize(q, "limit"))
	return object{"data": page, "paging": paging("alerts/"+r.PathValue("id")+"/"+name, q, "offset", next)}
}

// changeOpsgenie accepts a change. Whether there is such an alert shows only in the outcome.
func (s *Sim) changeOpsgenie(w http.ResponseWriter, r *http.Request, action string, do func(*alert, change, author) *outcome) {
	var ask change
	if !decode(r, &ask) {
		s.refuseOpsgenie(w, http.StatusUnprocessableEntity, 42200, "Request body is not processable")
		return
	}
	s.mu.Lock()
	o := missing(action)
	if a := s.named(r); a != nil {
		o = do(a, ask, free(ask.User, callerOf(r)))
	}
	id := s.accept(o)
	s.mu.Unlock()
	accepted(w, id)
}

// change is the body of a change.
type change struct {
	User    string `json:"user"`
	Note    string `json:"note"`
	Message string `json:"message"`
	Action  string `json:"action"`
}

func (s *Sim) noteOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.changeOpsgenie(w, r, "AddNote", func(a *alert, ask change, by author) *outcome {
		_, o := s.annotate(a, by, ask.Note)
		return o
	})
}

func (s *Sim) closeOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.changeOpsgenie(w, r, "Close", func(a *alert, _ change, by author) *outcome { return s.finish(a, by, "API") })
}

func (s *Sim) acknowledgeOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.changeOpsgenie(w, r, "Acknowledge", func(a *alert, _ change, by author) *outcome {
		a.acknowledged = true
		s.record(a, by, "user", "Alert acknowledged via API")
		return &outcome{action: "Acknowledge", success: true, status: "Acknowledged alert", alert: a}
	})
}

func (s *Sim) messageOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.changeOpsgenie(w, r, "UpdateMessage", func(a *alert, ask change, by author) *outcome { return s.rename(a, by, ask.Message) })
}

func (s *Sim) actionOpsgenie(w http.ResponseWriter, r *http.Request) {
	s.changeOpsgenie(w, r, r.PathValue("action"), func(a *alert, _ change, by author) *outcome {
		return s.press(a, by, r.PathValue("action"), "API")
	})
}
