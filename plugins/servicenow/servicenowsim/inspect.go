package servicenowsim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"

	"github.com/accede/accede/plugins/standin"
)

// tally counts calls and records.
type tally struct {
	mu      sync.Mutex
	calls   map[string]map[int]int
	records map[string]int
}

func newTally() *tally { return &tally{calls: map[string]map[int]int{}, records: map[string]int{}} }

func (t *tally) call(operation string, status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls[operation] == nil {
		t.calls[operation] = map[int]int{}
	}
	t.calls[operation][status]++
}

func (t *tally) record(correlation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records[correlation]++
}

// Calls counts the calls of an operation that were answered with that status.
func (s *Sim) Calls(operation string, status int) int {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	return s.tally.calls[operation][status]
}

// AllCalls counts every call of the API and of the token endpoint.
func (s *Sim) AllCalls() int {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	sum := 0
	for _, statuses := range s.tally.calls {
		for _, n := range statuses {
			sum += n
		}
	}
	return sum
}

func (s *Sim) inspection() {
	inner := http.NewServeMux()
	inner.Handle("/sandbox/faults", s.faults)
	inner.HandleFunc("GET /sandbox/quirks", s.serveQuirks)
	inner.HandleFunc("PUT /sandbox/quirks", s.serveQuirks)
	inner.HandleFunc("GET /sandbox/records", func(w http.ResponseWriter, _ *http.Request) {
		standin.WriteJSON(w, http.StatusOK, map[string]any{"records": s.Rows(s.cfg.Table)})
	})
	inner.HandleFunc("GET /sandbox/stats", s.serveStats)
	inner.HandleFunc("GET /sandbox/version", func(w http.ResponseWriter, _ *http.Request) { writeVersion(w, s.changes.Version()) })
	inner.HandleFunc("GET /sandbox/wait", s.serveWait)
	inner.HandleFunc("PUT /sandbox/oncall", s.putOnCall)
	inner.HandleFunc("DELETE /sandbox/oncall", s.deleteOnCall)
	inner.HandleFunc("POST /sandbox/forge", s.serveForge)
	s.mux.Handle("/sandbox/", standin.Guard(inner))
	standin.ServeStage(s.mux, s)
}

func (s *Sim) serveStats(w http.ResponseWriter, _ *http.Request) {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	calls := map[string]map[string]int{}
	for operation, statuses := range s.tally.calls {
		calls[operation] = map[string]int{}
		for status, n := range statuses {
			calls[operation][strconv.Itoa(status)] = n
		}
	}
	standin.WriteJSON(w, http.StatusOK, map[string]any{"calls": calls, "records": maps.Clone(s.tally.records)})
}

// serveWait answers as soon as more happened than the caller has seen, or after a while.
func (s *Sim) serveWait(w http.ResponseWriter, r *http.Request) {
	seen, err := strconv.ParseUint(r.URL.Query().Get("version"), 10, 64)
	if err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "version must be a number")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxFollow)
	defer cancel()
	ctx, release := s.whileOpen(ctx)
	defer release()
	writeVersion(w, s.changes.Wait(ctx, seen))
}

func writeVersion(w http.ResponseWriter, version uint64) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(strconv.FormatUint(version, 10)))
}

// shiftAsk is the body of /sandbox/oncall.
type shiftAsk struct {
	Schedule string `json:"schedule"`
	Person   string `json:"person"`
	Level    int    `json:"level"`
}

func (s *Sim) putOnCall(w http.ResponseWriter, r *http.Request) {
	var ask shiftAsk
	if !readJSON(w, r, &ask) {
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
	if !readJSON(w, r, &ask) {
		return
	}
	status, err := s.Forge(r.Context(), ask)
	if err != nil {
		standin.WriteProblem(w, http.StatusConflict, err.Error())
		return
	}
	standin.WriteJSON(w, http.StatusOK, map[string]int{"status": status})
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if errors.Is(err, io.EOF) {
		err = nil // an empty body asks for the defaults
	}
	if err != nil {
		standin.WriteProblem(w, http.StatusBadRequest, "the body must be JSON of the documented form: "+err.Error())
	}
	return err == nil
}
