package discordsim

import (
	"slices"
	"sync"
)

// tally counts what a test wants to know without reading every message.
type tally struct {
	mu       sync.Mutex
	accepted int
	edits    int
	keys     map[string]*keyCount
	methods  map[string]*methodCount
}

// keyCount counts the messages that carry one delivery key (in a custom id).
type keyCount struct {
	Accepted int `json:"accepted"`
	Live     int `json:"live"`
}

type methodCount struct {
	Calls  int            `json:"calls"`
	Errors map[string]int `json:"errors,omitempty"`
}

// Stats is the answer of /sandbox/stats.
type Stats struct {
	// Accepted counts posted messages, replies included and ephemeral ones not; Updated counts edits.
	Accepted int `json:"accepted"`
	Updated  int `json:"updated"`
	// DistinctKeys is the number of delivery keys seen; Duplicated lists those that were accepted more than once.
	DistinctKeys int                    `json:"distinct_keys"`
	Duplicated   []string               `json:"duplicated"`
	Keys         map[string]keyCount    `json:"keys,omitempty"`
	Methods      map[string]methodCount `json:"methods"`
}

func newTally() *tally {
	return &tally{keys: map[string]*keyCount{}, methods: map[string]*methodCount{}}
}

func (t *tally) call(method, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.methods[method]
	if m == nil {
		m = &methodCount{Errors: map[string]int{}}
		t.methods[method] = m
	}
	m.Calls++
	if problem != "" {
		m.Errors[problem]++
	}
}

func (t *tally) posted(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted++
	if key == "" {
		return
	}
	k := t.keys[key]
	if k == nil {
		k = &keyCount{}
		t.keys[key] = k
	}
	k.Accepted++
	k.Live++
}

func (t *tally) updated() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.edits++
}

func (t *tally) removed(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k := t.keys[key]; k != nil {
		k.Live--
	}
}

func (t *tally) stats(withKeys bool) Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := Stats{
		Accepted: t.accepted, Updated: t.edits, DistinctKeys: len(t.keys), Duplicated: []string{},
		Methods: map[string]methodCount{},
	}
	if withKeys {
		out.Keys = make(map[string]keyCount, len(t.keys))
	}
	for key, k := range t.keys {
		if k.Accepted > 1 {
			out.Duplicated = append(out.Duplicated, key)
		}
		if withKeys {
			out.Keys[key] = *k
		}
	}
	slices.Sort(out.Duplicated)
	for name, m := range t.methods {
		out.Methods[name] = m.copied()
	}
	return out
}

func (m *methodCount) copied() methodCount {
	out := methodCount{Calls: m.Calls}
	for code, n := range m.Errors {
		if out.Errors == nil {
			out.Errors = map[string]int{}
		}
		out.Errors[code] = n
	}
	return out
}
