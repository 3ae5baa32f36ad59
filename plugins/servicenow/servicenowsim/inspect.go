package servicenowsim

import (
	"net/http"

	"github.com/accede/accede/plugins/standin"
)

// Calls counts the calls of an operation that were answered with that status.
func (s *Sim) Calls(operation string, status int) int { return s.calls.All()[operation][status] }

// AllCalls counts every call of the API and of the token endpoint.
func (s *Sim) AllCalls() int {
	sum := 0
	for _, statuses := range s.calls.All() {
		for _, n := range statuses {
			sum += n
		}
	}
	return sum
}

// records counts the records that were made, by the delivery key that they carry.
func (s *Sim) records() map[string]int {
	out := map[string]int{}
	for key, n := range s.tally.Stats().Keys {
		out[key] = n.Accepted
	}
	return out
}

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/quirks", s.serveQuirks)
	inner.HandleFunc("PUT /sandbox/quirks", s.serveQuirks)
	inner.HandleFunc("GET /sandbox/records", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"records": s.Rows(s.cfg.Table)})
	})
	inner.HandleFunc("GET /sandbox/stats", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"calls": s.calls.All(), "records": s.records()})
	})
	s.changes.Serve(s.ctx, inner)
	inner.HandleFunc("PUT /sandbox/oncall", s.putOnCall)
	inner.HandleFunc("DELETE /sandbox/oncall", s.deleteOnCall)
	inner.HandleFunc("POST /sandbox/forge", s.serveForge)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

// shiftAsk is the body of /sandbox/oncall.
type shiftAsk struct {
	Schedule string `json:"schedule"`
	Person   string `json:"person"`
	Level    int    `json:"level"`
}

func (s *Sim) putOnCall(w http.ResponseWriter, r *http.Request) {
	var ask shiftAsk
	if r.ContentLength != 0 && !standin.ReadJSON(w, r, &ask) { // an empty body asks for the defaults
		return
	}
	if err := s.SetOnCall(ask.Schedule, ask.Person, ask.Level); err != nil {
		standin.WriteProblem(w, http.StatusConflict, err.Error())
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"shifts": s.Shifts()})
}

func (s *Sim) deleteOnCall(w http.ResponseWriter, r *http.Request) {
	s.ResetOnCall(r.URL.Query().Get("schedule"))
	standin.WriteJSON(w, http.StatusOK, map[string]any{"shifts": s.Shifts()})
}

func (s *Sim) serveForge(w http.ResponseWriter, r *http.Request) {
	var ask Forgery
	if r.ContentLength != 0 && !standin.ReadJSON(w, r, &ask) { // an empty body asks for the defaults
		return
	}
	status, err := s.Forge(r.Context(), ask)
	if err != nil {
		standin.WriteProblem(w, http.StatusConflict, err.Error())
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]int{"status": status})
}
