package jira

import "sync"

// memory keeps the last things it was told, up to a bound, and may forget any of them.
type memory[V any] struct {
	mu    sync.Mutex
	known map[string]V
	older map[string]V
}

// maxKnown bounds a memory, half of it at least is kept.
const maxKnown = 8192

func newMemory[V any]() *memory[V] { return &memory[V]{known: map[string]V{}, older: map[string]V{}} }

func (m *memory[V]) get(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.known[key]; ok {
		return value, true
	}
	value, ok := m.older[key]
	return value, ok
}

func (m *memory[V]) put(key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown/2 {
		m.known, m.older = map[string]V{}, m.known
	}
	m.known[key] = value
}

func (m *memory[V]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, key)
	delete(m.older, key)
}
