package opsgeniesim

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
	inner.HandleFunc("GET /sandbox/alerts", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, object{"alerts": s.Alerts()})
	})
	inner.HandleFunc("GET /sandbox/oncall", s.serveOnCall)
	inner.HandleFunc("PUT /sandbox/oncall", s.putOnCall)
	inner.HandleFunc("DELETE /sandbox/oncall", s.deleteOnCall)
	inner.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, object{"calls": s.Calls()})
	})
	inner.HandleFunc("GET /sandbox/deliveries", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, object{"deliveries": s.Deliveries()})
	})
	inner.HandleFunc("POST /sandbox/act", standin.Drive(s.Act))
	s.changes.Serve(s.ctx, inner)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// Calls counts the calls by operation and status; status 0 is a call that got no answer.
func (s *Sim) Calls() map[string]map[int]int { return s.calls.All() }

// SeenAlert is an alert as the sandbox shows it.
type SeenAlert struct {
	ID          string     `json:"id"`
	Number      string     `json:"number"`
	Alias       string     `json:"alias"`
	For         string     `json:"for"`
	Message     string     `json:"message"`
	Description string     `json:"description"`
	Status      string     `json:"status"`
	Priority    string     `json:"priority"`
	Actions     []string   `json:"actions"`
	Tags        []string   `json:"tags"`
	Count       int        `json:"count"`
	Updates     int        `json:"updates"`
	Notes       []SeenNote `json:"notes"`
	Log         []SeenNote `json:"log"`
}

// SeenNote is a note, or a line of a log, as the sandbox shows it.
type SeenNote struct {
	ID   string    `json:"id"`
	By   string    `json:"by"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Alerts lists every alert, oldest first.
func (s *Sim) Alerts() []SeenAlert {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SeenAlert{}
	for _, a := range s.alerts {
		seen := SeenAlert{
			ID: a.id, Number: a.tiny, Alias: a.alias, For: s.placeOf(a), Message: a.message, Description: a.description, Status: a.status(),
			Priority: a.priority, Actions: nonNil(a.actions), Tags: nonNil(a.tags), Count: a.count, Updates: a.renamed, Notes: []SeenNote{},
		}
		for _, n := range a.notes {
			seen.Notes = append(seen.Notes, SeenNote{n.id, s.shown(n.by), n.text, n.at})
		}
		for _, l := range a.log {
			seen.Log = append(seen.Log, SeenNote{l.offset, s.shown(l.by), l.text, l.at})
		}
		out = append(out, seen)
	}
	return out
}

func (s *Sim) shown(by author) string {
	if u, known := s.user(by.user); known {
		return u.FullName
	}
	return by.text
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

// OnCallNow lists who stands on each schedule, or was put there. People inside of groups are left out.
func (s *Sim) OnCallNow() []SeenShift {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []SeenShift{}
	now := s.now()
	for _, sc := range s.cfg.Schedules {
		if forced := s.inForce(sc, now); len(forced) > 0 {
			for _, f := range forced {
				out = append(out, SeenShift{Schedule: sc.ID, Name: sc.Name, Person: f.user, Level: f.level, Until: &f.until, Forced: true})
			}
			continue
		}
		for _, p := range slices.Concat(sc.rendered(now)...) {
			if p.covers(now) && !sc.Disabled {
				until := p.until
				out = append(out, SeenShift{Schedule: sc.ID, Name: sc.Name, Person: s.called(p.who), Level: 1, Until: &until})
			}
		}
	}
	return out
}

// called is what people call what stands on a schedule.
func (s *Sim) called(who string) string {
	if group := s.expand(who, s.now(), 1); group.name != "" {
		return group.kind + " " + group.name
	}
	return who
}

func (s *Sim) serveOnCall(w http.ResponseWriter, _ *http.Request) {
	standin.WriteJSON(w, http.StatusOK, object{"oncall": s.OnCallNow()})
}

// OnCallAsk puts somebody on call now.
type OnCallAsk struct {
	Schedule string `json:"schedule"`
	Person   string `json:"person"`
	// Level is 1 if left out, Until eight hours from now.
	Level int       `json:"level"`
	Until time.Time `json:"until"`
}

const (
	standardShift = 8 * time.Hour
	maxLevel      = 9
)

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
	case ask.Level < 1 || ask.Level > maxLevel || !ask.Until.After(s.now()):
		return standin.RefusedError("level must be 1 to 9, and until must be in the future")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced = slices.DeleteFunc(s.forced, func(f forcedShift) bool { return f.schedule == sc.ID && f.user == by.Name })
	s.forced = append(s.forced, forcedShift{sc.ID, by.Name, ask.Level, s.now(), ask.Until})
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
