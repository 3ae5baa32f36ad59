package pagerdutysim

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// logEntry is one thing that happened to an incident.
type logEntry struct {
	id, kind, incident string
	// agent is a user's id, empty for automation.
	agent   string
	channel object
	at      time.Time
}

// log records what happened. The state's lock must be held.
func (s *Sim) log(i *incident, e logEntry) {
	e.id, e.incident, e.at = s.newID("R"), i.id, s.now()
	s.entries = append(s.entries, e)
	s.changes.Touch()
}

func (s *Sim) wireEntry(e logEntry, full bool) object {
	i := s.find(e.incident)
	agent := object{"id": i.service, "type": "service_reference", "summary": "Automation"}
	if e.agent != "" {
		agent = s.userRef(e.agent)
	}
	channel := object{"type": e.channel["type"]}
	if full {
		channel = e.channel
	}
	return object{
		"id": e.id, "type": e.kind, "summary": e.kind, "self": s.apiURL("log_entries/" + e.id), "created_at": stamp(e.at),
		"agent": agent, "channel": channel, "incident": s.incidentRef(i), "service": s.serviceRef(i.service), "teams": []object{},
		"contexts": []object{}, "event_details": object{},
	}
}

// history lists entries, newest first. The state's lock must be held.
func (s *Sim) history(q url.Values, about string, since, until time.Time) []object {
	full := slices.Contains(q["include[]"], "channels")
	out := []object{}
	visible := s.now().Add(-s.cfg.Lag)
	for _, e := range slices.Backward(s.entries) {
		if (about == "" || e.incident == about) && !e.at.Before(since) && !e.at.After(until) && !e.at.After(visible) {
			out = append(out, s.wireEntry(e, full))
		}
	}
	return out
}

func (s *Sim) listIncidentEntries(w http.ResponseWriter, r *http.Request) {
	s.serveEntries(w, r, r.PathValue("id"))
}

func (s *Sim) listEntries(w http.ResponseWriter, r *http.Request) { s.serveEntries(w, r, "") }

func (s *Sim) serveEntries(w http.ResponseWriter, r *http.Request, about string) {
	q := r.URL.Query()
	since, ok := moment(q, "since", time.Time{})
	until, alsoOK := moment(q, "until", s.now())
	if !ok || !alsoOK {
		invalid(w, "since and until must be times")
		return
	}
	s.mu.Lock()
	if about != "" {
		i := s.find(about)
		if i == nil {
			s.mu.Unlock()
			notFound(w)
			return
		}
		about = i.id
	}
	found := s.history(q, about, since, until)
	s.mu.Unlock()
	s.page(w, q, "log_entries", found)
}

// note is a note of an incident.
type note struct {
	id, user, content string
	at                time.Time
}

func (s *Sim) wireNote(n note) object {
	return object{
		"id": n.id, "user": s.userRef(n.user), "channel": object{"summary": "The PagerDuty website or APIs"},
		"content": n.content, "created_at": stamp(n.at), "updated_at": stamp(n.at),
	}
}

func (s *Sim) listNotes(w http.ResponseWriter, r *http.Request) {
	s.withIncident(w, r, func(i *incident) {
		notes := []object{}
		for _, n := range slices.Backward(i.notes) {
			notes = append(notes, s.wireNote(n))
		}
		standin.WriteJSON(w, http.StatusOK, object{"notes": notes})
	})
}

// maxNotes is PagerDuty's limit per incident.
const maxNotes = 2000

func (s *Sim) createNote(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Note struct{ Content string }
	}
	if !decode(w, r, &ask) {
		return
	}
	if ask.Note.Content == "" {
		invalid(w, "Content cannot be empty")
		return
	}
	s.withIncident(w, r, func(i *incident) {
		if len(i.notes) >= maxNotes {
			invalid(w, "The incident has too many notes")
			return
		}
		n, _ := s.annotate(i, callerOf(r).user, ask.Note.Content)
		standin.WriteJSON(w, http.StatusCreated, object{"note": s.wireNote(n)})
	})
}

// annotate adds a note. PagerDuty says "note" of the way every note came, so that one written through the API cannot be
// told from one written on the website. The state's lock must be held.
func (s *Sim) annotate(i *incident, by, content string) (note, []<-chan int) {
	n := note{id: s.newID("N"), user: by, content: content, at: s.now()}
	i.notes = append(i.notes, n)
	s.log(i, logEntry{kind: "annotate_log_entry", agent: by, channel: object{"type": "note", "summary": content}})
	return n, s.announce(i, "incident.annotated", by, object{
		"incident": s.incidentRef(i), "id": n.id, "content": content, "trimmed": false, "type": "incident_note",
	})
}
