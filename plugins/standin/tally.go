package standin

import (
	"maps"
	"net/http"
	"slices"
	"sync"
)

// Tally counts what a test wants to know without reading every message.
type Tally struct {
	mu       sync.Mutex
	accepted int
	edits    int
	keys     map[string]KeyCount
	methods  map[string]MethodCount
}

// KeyCount counts the messages that carry one delivery key.
type KeyCount struct {
	Accepted int `json:"accepted"`
	Live     int `json:"live"`
}

// MethodCount counts the calls of one of the vendor's operations.
type MethodCount struct {
	Calls  int            `json:"calls"`
	Errors map[string]int `json:"errors,omitempty"`
}

// Stats is the answer of /sandbox/stats.
type Stats struct {
	// Accepted counts posted messages, replies included and those for one person's eyes not; Updated counts edits.
	Accepted int `json:"accepted"`
	Updated  int `json:"updated"`
	// DistinctKeys is the number of delivery keys seen; Duplicated lists those that were accepted more than once.
	DistinctKeys int                    `json:"distinct_keys"`
	Duplicated   []string               `json:"duplicated"`
	Keys         map[string]KeyCount    `json:"keys,omitempty"`
	Methods      map[string]MethodCount `json:"methods"`
}

// NewTally starts at nothing.
func NewTally() *Tally {
	return &Tally{keys: map[string]KeyCount{}, methods: map[string]MethodCount{}}
}

// Call counts a call, and the vendor's name of the problem it ended with, if any.
func (t *Tally) Call(method, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.methods[method]
	m.Calls++
	if problem != "" {
		if m.Errors == nil {
			m.Errors = map[string]int{}
		}
		m.Errors[problem]++
	}
	t.methods[method] = m
}

// Posted counts a message; the key is empty if it carries none.
func (t *Tally) Posted(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted++
	if key != "" {
		k := t.keys[key]
		t.keys[key] = KeyCount{Accepted: k.Accepted + 1, Live: k.Live + 1}
	}
}

// Updated counts an edit.
func (t *Tally) Updated() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.edits++
}

// Removed takes a message with that key off those that can be seen.
func (t *Tally) Removed(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k, known := t.keys[key]; known {
		t.keys[key] = KeyCount{Accepted: k.Accepted, Live: k.Live - 1}
	}
}

// Stats returns the counts.
func (t *Tally) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := Stats{
		Accepted: t.accepted, Updated: t.edits, DistinctKeys: len(t.keys), Duplicated: []string{},
		Keys: maps.Clone(t.keys), Methods: map[string]MethodCount{},
	}
	for key, k := range t.keys {
		if k.Accepted > 1 {
			out.Duplicated = append(out.Duplicated, key)
		}
	}
	slices.Sort(out.Duplicated)
	for name, m := range t.methods {
		out.Methods[name] = MethodCount{Calls: m.Calls, Errors: maps.Clone(m.Errors)}
	}
	return out
}

// ServeStats shows the counts; with ?keys=false it leaves the single keys out.
func (t *Tally) ServeStats(w http.ResponseWriter, r *http.Request) {
	stats := t.Stats()
	if r.URL.Query().Get("keys") == "false" {
		stats.Keys = nil
	}
	WriteJSON(w, http.StatusOK, stats)
}
