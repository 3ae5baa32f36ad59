package opsgeniesim

import (
	"maps"
	"net/http"
	"sync"
)

// tally counts calls.
type tally struct {
	mu    sync.Mutex
	calls map[string]map[int]int
}

func newTally() *tally { return &tally{calls: map[string]map[int]int{}} }

func (t *tally) counting(operation string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := &notedAnswer{ResponseWriter: w}
		defer func() { t.add(operation, noted.status) }()
		next.ServeHTTP(noted, r)
	})
}

func (t *tally) add(operation string, status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls[operation] == nil {
		t.calls[operation] = map[int]int{}
	}
	t.calls[operation][status]++
}

// Calls counts the calls by operation and status; status 0 is a call that got no answer.
func (s *Sim) Calls() map[string]map[int]int {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	out := map[string]map[int]int{}
	for operation, byStatus := range s.tally.calls {
		out[operation] = maps.Clone(byStatus)
	}
	return out
}

// notedAnswer notes the status of an answer.
type notedAnswer struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (n *notedAnswer) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (n *notedAnswer) Unwrap() http.ResponseWriter { return n.ResponseWriter }
