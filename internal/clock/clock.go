package clock

import (
	"sync"
	"time"
)

// Clock tells the current time in UTC. Implementations are safe for concurrent use and never block.
type Clock interface {
	Now() time.Time
}

// System is the clock of the machine. Its times are UTC and carry no monotonic reading, so a time read from it
// equals the same time after a round trip through the store.
type System struct{}

// Now returns the current time in UTC.
func (System) Now() time.Time { return time.Now().UTC().Round(0) }

// Fake is a clock that stands still until it is told otherwise. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

var (
	_ Clock = System{}
	_ Clock = (*Fake)(nil)
	_ Clock = (*Shifted)(nil)
)

// NewFake returns a clock that stands at now.
func NewFake(now time.Time) *Fake { return &Fake{now: now.UTC()} }

// Now returns the time last set.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Set moves the clock to now, backwards too.
func (f *Fake) Set(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = now.UTC()
}

// Advance moves the clock by d and returns the new time.
func (f *Fake) Advance(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	return f.now
}

// Shifted runs with the clock of the machine, plus what a test adds. The zero value is the time of the machine.
type Shifted struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now returns the time in UTC.
func (s *Shifted) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().UTC().Add(s.ahead)
}

// Advance lets time pass.
func (s *Shifted) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Set makes it be that time now.
func (s *Shifted) Set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = time.Until(now)
}
