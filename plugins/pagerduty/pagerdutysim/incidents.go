package pagerdutysim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// incident is one incident. The state's lock guards it.
type incident struct {
	id, key, title, details, service, urgency, status, resolution string
	number, updates                                               int
	created, changed                                              time.Time
	changedBy                                                     string
	notes                                                         []note
	fields                                                        map[string]string
}

const (
	triggered    = "triggered"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

func (i *incident) open() bool { return i.status != resolved }

func (s *Sim) wireIncident(i *incident, q url.Values) object {
	service, _ := s.service(i.service)
	out := object{
		"id": i.id, "type": "incident", "summary": "[#" + strconv.Itoa(i.number) + "] " + i.title,
		"self": s.apiURL("incidents/" + i.id), "html_url": s.webURL("incidents/" + i.id),
		"incident_number": i.number, "title": i.title, "description": i.title, "status": i.status, "urgency": i.urgency,
		"incident_key": i.key, "service": s.serviceRef(i.service), "created_at": stamp(i.created),
		"updated_at": stamp(i.changed), "last_status_change_at": stamp(i.changed), "last_status_change_by": s.userRef(i.changedBy),
		"escalation_policy": s.ref("escalation_policy", service.Policy, service.Policy), "assignments": []object{},
		"priority": nil, "teams": []object{}, "alert_counts": object{"all": 0, "triggered": 0, "resolved": 0},
	}
	if slices.Contains(q["include[]"], "body") {
		out["body"] = object{"type": "incident_body", "details": i.details}
	}
	return out
}

type reference struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// createIncident refuses a key that an open incident of the service has. PagerDuty does not document the words.
func (s *Sim) createIncident(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Incident struct {
			Type, Title, Urgency string
			Service              *reference
			Key                  string `json:"incident_key"`
			Body                 struct{ Type, Details string }
		}
	}
	if !decode(w, r, &ask) {
		return
	}
	in := ask.Incident
	switch {
	case in.Title == "":
		invalid(w, "Title cannot be empty")
		return
	case in.Service == nil || in.Service.ID == "":
		invalid(w, "Service cannot be empty")
		return
	case in.Urgency != "" && in.Urgency != "high" && in.Urgency != "low":
		invalid(w, "Urgency must be high or low")
		return
	}
	service, known := s.service(in.Service.ID)
	if !known || service.Disabled {
		invalid(w, "Service cannot be found or is disabled")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Key != "" && s.openWithKey(service.ID, in.Key) != nil {
		invalid(w, "Open incident with matching dedup key already exists on this service")
		return
	}
	made := s.trigger(callerOf(r).user, incident{
		key: in.Key, title: in.Title, details: in.Body.Details, service: service.ID, urgency: in.Urgency,
	})
	standin.WriteJSON(w, http.StatusCreated, object{"incident": s.wireIncident(made, url.Values{"include[]": {"body"}})})
}

func (s *Sim) openWithKey(service, key string) *incident {
	for _, i := range s.incidents {
		if i.open() && i.key == key && i.service == service {
			return i
		}
	}
	return nil
}

// trigger opens an incident. The state's lock must be held.
func (s *Sim) trigger(by string, i incident) *incident {
	now := s.now()
	i.id, i.number, i.status, i.created, i.changed, i.changedBy = s.newID("Q"), len(s.incidents)+1, triggered, now, now, by
	i.fields = map[string]string{}
	if i.urgency == "" {
		i.urgency = "high"
	}
	if i.key == "" {
		i.key = s.newID("key")
	}
	s.incidents = append(s.incidents, &i)
	s.log(&i, logEntry{kind: "trigger_log_entry", agent: by, channel: object{"type": "api"}})
	s.announce(&i, "incident.triggered", by, s.eventIncident(&i))
	return &i
}

func (s *Sim) find(id string) *incident {
	for _, i := range s.incidents {
		if i.id == id || strconv.Itoa(i.number) == id {
			return i
		}
	}
	return nil
}

// withIncident hands the incident of the path over, or answers that there is none. The state's lock is held.
func (s *Sim) withIncident(w http.ResponseWriter, r *http.Request, do func(*incident)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(r.PathValue("id"))
	if i == nil {
		notFound(w)
		return
	}
	do(i)
}

func (s *Sim) getIncident(w http.ResponseWriter, r *http.Request) {
	s.withIncident(w, r, func(i *incident) {
		standin.WriteJSON(w, http.StatusOK, object{"incident": s.wireIncident(i, r.URL.Query())})
	})
}

// listIncidents looks back a month unless date_range is all.
func (s *Sim) listIncidents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, readable := moment(q, "since", s.now().AddDate(0, -1, 0))
	if !readable {
		invalid(w, "since is not a time")
		return
	}
	if q.Get("date_range") == "all" {
		since = time.Time{}
	}
	s.mu.Lock()
	found := []object{}
	for _, i := range s.incidents {
		if !i.created.Before(since) && matches(i, q) {
			found = append(found, s.wireIncident(i, q))
		}
	}
	s.mu.Unlock()
	s.page(w, q, "incidents", found)
}

func matches(i *incident, q url.Values) bool {
	within := func(name, value string) bool { return len(q[name]) == 0 || slices.Contains(q[name], value) }
	return within("statuses[]", i.status) && within("service_ids[]", i.service) && within("urgencies[]", i.urgency) &&
		(q.Get("incident_key") == "" || q.Get("incident_key") == i.key)
}

func (s *Sim) updateIncident(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Incident struct{ Type, Status, Title, Resolution string }
	}
	if !decode(w, r, &ask) {
		return
	}
	if ask.Incident.Type != "incident" && ask.Incident.Type != "incident_reference" {
		invalid(w, "Type must be incident or incident_reference")
		return
	}
	s.withIncident(w, r, func(i *incident) {
		if !i.open() {
			writeError(w, http.StatusBadRequest, 1001, "Incident Already Resolved")
			return
		}
		i.updates++
		if ask.Incident.Title != "" {
			i.title = ask.Incident.Title
		}
		s.changeStatus(i, ask.Incident.Status, callerOf(r).user, ask.Incident.Resolution, object{"type": "api"})
		s.changes.Touch()
		standin.WriteJSON(w, http.StatusOK, object{"incident": s.wireIncident(i, r.URL.Query())})
	})
}

// changeStatus acknowledges or resolves, and says so. The state's lock must be held.
func (s *Sim) changeStatus(i *incident, status, by, resolution string, channel object) (queued []<-chan int) {
	kinds := map[string]string{acknowledged: "acknowledge_log_entry", resolved: "resolve_log_entry"}
	kind, known := kinds[status]
	if !known || i.status == status {
		return nil
	}
	i.status, i.changed, i.changedBy = status, s.now(), by
	if status == resolved {
		i.resolution = resolution
	}
	s.log(i, logEntry{kind: kind, agent: by, channel: channel})
	return s.announce(i, "incident."+status, by, s.eventIncident(i))
}
