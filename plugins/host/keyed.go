package host

import (
	"context"
	"sync"

	v1 "github.com/accede/accede/api/v1"
)

// keyedLock admits one holder per key at a time.
type keyedLock struct {
	mu      sync.Mutex
	entries map[string]*lockEntry
}

type lockEntry struct {
	token chan struct{}
	users int
}

func newKeyedLock() *keyedLock { return &keyedLock{entries: map[string]*lockEntry{}} }

// lock waits for the key and returns its release, or the context's error.
func (k *keyedLock) lock(ctx context.Context, key string) (release func(), err error) {
	entry := k.join(key)
	select {
	case entry.token <- struct{}{}:
		return func() { <-entry.token; k.leave(key, entry) }, nil
	case <-ctx.Done():
		k.leave(key, entry)
		return nil, ctx.Err()
	}
}

func (k *keyedLock) join(key string) *lockEntry {
	k.mu.Lock()
	defer k.mu.Unlock()
	entry := k.entries[key]
	if entry == nil {
		entry = &lockEntry{token: make(chan struct{}, 1)}
		k.entries[key] = entry
	}
	entry.users++
	return entry
}

func (k *keyedLock) leave(key string, entry *lockEntry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if entry.users--; entry.users == 0 {
		delete(k.entries, key)
	}
}

// snapshots remembers the newest snapshot of each request that somebody works on, so that whoever is next in line works
// on the newest one and the others find it done.
type snapshots struct {
	mu     sync.Mutex
	newest map[string]*held
}

type held struct {
	request v1.Request
	users   int
}

func newSnapshots() *snapshots { return &snapshots{newest: map[string]*held{}} }

func (s *snapshots) enter(request v1.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.newest[request.ID]
	if entry == nil {
		entry = &held{request: request}
		s.newest[request.ID] = entry
	}
	if request.Version > entry.request.Version {
		entry.request = request
	}
	entry.users++
}

func (s *snapshots) get(id string) v1.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if entry := s.newest[id]; entry != nil {
		return entry.request
	}
	return v1.Request{}
}

func (s *snapshots) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if entry := s.newest[id]; entry != nil {
		if entry.users--; entry.users == 0 {
			delete(s.newest, id)
		}
	}
}

// memory is a map bounded in size: when half of it is full, the older half is forgotten.
type memory[V any] struct {
	mu         sync.Mutex
	size       int
	young, old map[string]V
}

func newMemory[V any](size int) *memory[V] {
	return &memory[V]{size: size, young: map[string]V{}, old: map[string]V{}}
}

func (m *memory[V]) get(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.young[key]; ok {
		return value, true
	}
	value, ok := m.old[key]
	return value, ok
}

func (m *memory[V]) put(key string, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, value)
}

func (m *memory[V]) set(key string, value V) {
	if len(m.young) >= m.size/2 {
		m.old, m.young = m.young, map[string]V{}
	}
	delete(m.old, key)
	m.young[key] = value
}

func (m *memory[V]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, key)
	delete(m.old, key)
}
