package eventually

import (
	"testing"
	"time"
)

const interval = 5 * time.Millisecond

// True polls condition until it holds and fails the test at once when it does not within limit. what completes the
// sentence "waited 5s for …". condition runs on the calling goroutine.
func True(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}

// NoError polls check until it returns nil and fails the test with its last error when it does not within limit.
func NoError(t testing.TB, limit time.Duration, what string, check func() error) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for err := check(); err != nil; err = check() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %s for %s; last: %v", limit, what, err)
		}
	}
}
