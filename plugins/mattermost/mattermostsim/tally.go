package mattermostsim

import (
	"slices"
	"sync"
)

// tally counts what a test wants to know without reading every post.
type tally struct {
	mu         sync.Mutex
	accepted   int
	edits      int
	keys       map[string]*keyCount
	operations map[string]*operationCount
}

// keyCount counts the posts that carry one delivery key (props.accede_delivery).
type keyCount struct {
	Accepted int `json:"accepted"`
	Live     int `json:"live"`
}

type operationCount struct {
	Calls  int            `json:"calls"`
	Errors map[string]int `json:"errors,omitempty"`
}

// Stats is the answer of /sandbox/stats.
type Stats struct {
	// Accepted counts posts, replies included and ephemeral ones not; Updated counts edits.
	Accepted int `json:"accepted"`
	Updated  int `json:"updated"`
	// DistinctKeys is the number of delivery keys seen; Duplicated lists those that were accepted more than once.
	DistinctKeys int                       `json:"distinct_keys"`
	Duplicated   []string                  `json:"duplicated"`
	Keys         map[string]keyCount       `json:"keys,omitempty"`
	Operations   map[string]operationCount `json:"operations"`
}

func newTally() *tally {
	return &tally{keys: map[string]*keyCount{}, operations: map[string]*operationCount{}}
}

func (t *tally) call(operation, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.operations[operation]
	if o == nil {
		o = &operationCount{Errors: map[string]int{}}
		t.operations[operation] = o
	}
	o.Calls++
	if problem != "" {
		o.Errors[problem]++
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
		Operations: map[string]operationCount{},
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
	for name, o := range t.operations {
		out.Operations[name] = o.copied()
	}
	return out
}

func (o *operationCount) copied() operationCount {
	out := operationCount{Calls: o.Calls}
	for id, n := range o.Errors {
		if out.Errors == nil {
			out.Errors = map[string]int{}
		}
		out.Errors[id] = n
	}
	return out
}
