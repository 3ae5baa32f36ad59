package pagerdutysim

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/incidents", s.serveIncidents)
	inner.HandleFunc("GET /sandbox/oncall", s.serveOnCall)
	inner.HandleFunc("PUT /sandbox/oncall", s.putOnCall)
	inner.HandleFunc("DELETE /sandbox/oncall", s.deleteOnCall)
	inner.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"calls": s.Calls()})
	})
	inner.HandleFunc("GET /sandbox/deliveries", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"deliveries": s.Deliveries()})
	})
	inner.HandleFunc("POST /sandbox/act", standin.Drive(s.Act))
	s.changes.Serve(s.ctx, inner)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// SeenIncident is an incident as the sandbox shows it.
type SeenIncident struct {
	ID         string            `json:"id"`
	Number     int               `json:"number"`
	Key        string            `json:"key"`
	Service    string            `json:"service"`
	Title      string            `json:"title"`
	Details    string            `json:"details"`
	Status     string            `json:"status"`
	Urgency    string            `json:"urgency"`
	Resolution string            `json:"resolution,omitempty"`
	Updates    int               `json:"updates"`
	Notes      []SeenNote        `json:"notes"`
	Fields     map[string]string `json:"fields,omitempty"`
}

// SeenNote is a note as the sandbox shows it.
type SeenNote struct {
	ID      string    `json:"id"`
	By      string    `json:"by"`
	Content string    `json:"content"`
	At      time.Time `json:"at"`
}

// Incidents lists every incident, oldest first.
func (s *Sim) Incidents() []SeenIncident {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SeenIncident{}
	for _, i := range s.incidents {
		seen := SeenIncident{
			ID: i.id, Number: i.number, Key: i.key, Service: i.service, Title: i.title, Details: i.details, Status: i.status,
			Urgency: i.urgency, Resolution: i.resolution, Updates: i.updates, Notes: []SeenNote{}, Fields: map[string]string{},
		}
		for name, value := range i.fields {
			seen.Fields[name] = value
		}
		for _, n := range i.notes {
			by, _ := s.user(n.user)
			seen.Notes = append(seen.Notes, SeenNote{n.id, by.Name, n.content, n.at})
		}
		out = append(out, seen)
	}
	return out
}

func (s *Sim) serveIncidents(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"incidents": s.Incidents()})
}

// SeenShift is somebody on call now.
type SeenShift struct {
	Schedule string     `json:"schedule"`
	Name     string     `json:"name"`
	Person   string     `json:"person"`
	Level    int        `json:"level"`
	Until    *time.Time `json:"until,omitempty"`
	// Forced says that a visitor of the sandbox made it so.
	Forced bool `json:"forced,omitempty"`
}

// OnCallNow lists who is on call on the schedules of escalation policies, at the level of the policy.
func (s *Sim) OnCallNow() []SeenShift {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SeenShift{}
	now := s.now()
	for _, sc := range s.cfg.Schedules {
		for _, shift := range s.shifts(sc, now, now) {
			by, _ := s.user(shift.user)
			seen := SeenShift{Schedule: sc.ID, Name: sc.Name, Person: by.Name, Level: shift.level, Forced: shift.level > 0}
			if seen.Level == 0 {
				seen.Level = s.levelOf(sc.ID)
			}
			if until := shift.until; !until.IsZero() {
				seen.Until = &until
			}
			out = append(out, seen)
		}
	}
	return out
}

// levelOf is the first level of any policy that names the schedule, 0 if none does.
func (s *Sim) levelOf(schedule string) int {
	for _, p := range s.cfg.Policies {
		for n, level := range p.Levels {
			if slices.Contains(level, schedule) {
				return n + 1
			}
		}
	}
	return 0
}

func (s *Sim) serveOnCall(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, map[string]any{"oncall": s.OnCallNow()})
}

// OnCallAsk puts somebody on call now.
type OnCallAsk struct {
	Schedule string `json:"schedule"`
	Person   string `json:"person"`
	// Level is 1 if left out, Until eight hours from now.
	Level int       `json:"level"`
	Until time.Time `json:"until"`
}

const standardShift = 8 * time.Hour

// PutOnCall makes a person the one on call, next to others who were put there in the same way.
func (s *Sim) PutOnCall(ask OnCallAsk) error {
	by, known := s.user(ask.Person)
	sc, exists := s.schedule(ask.Schedule)
	if ask.Level == 0 {
		ask.Level = 1
	}
	if ask.Until.IsZero() {
		ask.Until = s.now().Add(standardShift)
	}
	switch {
	case !known || by.Outside:
		return standin.RefusedError("nobody here is called " + strconv.Quote(ask.Person))
	case !exists:
		return standin.RefusedError("there is no schedule " + strconv.Quote(ask.Schedule))
	case ask.Level < 1 || !ask.Until.After(s.now()):
		return standin.RefusedError("level must be 1 or more, and until must be in the future")
	case sc.ShiftBased && ask.Level != s.levelOf(sc.ID):
		return standin.RefusedError("a shift-based schedule has the level of its escalation policy: " + strconv.Itoa(s.levelOf(sc.ID)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced = slices.DeleteFunc(s.forced, func(f forcedShift) bool { return f.schedule == sc.ID && f.user == by.ID })
	s.forced = append(s.forced, forcedShift{sc.ID, by.ID, ask.Level, s.now(), ask.Until})
	s.changes.Touch()
	return nil
}

// ClearOnCall takes back who was put on call on a schedule, on every schedule if it is empty.
func (s *Sim) ClearOnCall(schedule string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced = slices.DeleteFunc(s.forced, func(f forcedShift) bool { return schedule == "" || f.schedule == schedule })
	s.changes.Touch()
}

func (s *Sim) putOnCall(w http.ResponseWriter, r *http.Request) {
	var ask OnCallAsk
	if !standin.ReadJSON(w, r, &ask) {
		return
	}
	if err := s.PutOnCall(ask); err != nil {
		standin.WriteProblem(w, http.StatusConflict, err.Error())
		return
	}
	s.serveOnCall(w, r)
}

func (s *Sim) deleteOnCall(w http.ResponseWriter, r *http.Request) {
	ask := OnCallAsk{Schedule: r.URL.Query().Get("schedule")}
	if r.ContentLength > 0 && !standin.ReadJSON(w, r, &ask) {
		return
	}
	s.ClearOnCall(ask.Schedule)
	s.serveOnCall(w, r)
}
