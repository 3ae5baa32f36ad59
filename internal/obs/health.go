package obs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

const checkTimeout = 2 * time.Second

// Check says whether one thing the process needs is there: nil, or an error whose text is a sentence that an operator
// can act on. The text is shown to anybody who can reach the endpoint, so it must hold no secret and no person's name. A
// check gets two seconds and must return when its context ends.
type Check func(ctx context.Context) error

// Health answers /livez and /readyz. The zero value is ready to use and safe for concurrent use.
type Health struct {
	mu     sync.Mutex
	checks []namedCheck
}

type namedCheck struct {
	name string
	run  Check
}

type healthAnswer struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// Add makes readiness depend on check. Names are short and unique: "store", "broker".
func (h *Health) Add(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, namedCheck{name, check})
}

// Register puts GET /livez and GET /readyz on mux.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", h.Live)
	mux.HandleFunc("GET /readyz", h.Ready)
}

// Live answers 200 as long as the process can answer at all. It asks no check: a restart mends none of them.
func (*Health) Live(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, healthAnswer{Status: "live"})
}

// Ready runs every check and answers 200, or 503 with the sentence of each check that failed.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	results, ok := h.Run(r.Context())
	if !ok {
		writeHealth(w, http.StatusServiceUnavailable, healthAnswer{Status: "not_ready", Checks: results})
		return
	}
	writeHealth(w, http.StatusOK, healthAnswer{Status: "ready", Checks: results})
}

// Run runs every check at once and returns, by name, "ok" or the sentence of what is wrong, and whether all are ok. It
// returns within about two seconds even when a check does not.
func (h *Health) Run(ctx context.Context) (map[string]string, bool) {
	h.mu.Lock()
	checks := append([]namedCheck(nil), h.checks...)
	h.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	outcomes := make([]chan error, len(checks))
	for i, check := range checks {
		outcomes[i] = make(chan error, 1)
		go func() { outcomes[i] <- check.run(ctx) }()
	}
	results, ok := make(map[string]string, len(checks)), true
	for i, check := range checks {
		results[check.name] = "ok"
		if err := await(ctx, outcomes[i]); err != nil {
			results[check.name], ok = err.Error(), false
		}
	}
	return results, ok
}

func await(ctx context.Context, outcome <-chan error) error {
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return errors.New("gave no answer in time")
	}
}

func writeHealth(w http.ResponseWriter, status int, answer healthAnswer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client went away: nobody is left to tell
}
