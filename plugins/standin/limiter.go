package standin

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limiter allows one event per key and interval, with a burst on top, as vendors that "tolerate short bursts" do.
type Limiter struct {
	every time.Duration
	burst int
	clock func() time.Time

	mu   sync.Mutex
	free map[string]time.Time
}

// NewLimiter allows burst events at once and then one per interval.
func NewLimiter(every time.Duration, burst int, clock func() time.Time) *Limiter {
	return &Limiter{every: every, burst: max(1, burst), clock: clock, free: map[string]time.Time{}}
}

// Take allows one event for the key and returns 0, or refuses it and returns how long to wait.
func (l *Limiter) Take(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	free := l.free[key]
	if free.Before(now) {
		free = now
	}
	slack := time.Duration(l.burst-1) * l.every
	if wait := free.Sub(now) - slack; wait > 0 {
		return wait
	}
	l.free[key] = free.Add(l.every)
	return 0
}

// WholeSeconds rounds a wait up to the whole seconds that a Retry-After header carries.
func WholeSeconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// SetRetryAfter sets the header in whole seconds.
func SetRetryAfter(w http.ResponseWriter, seconds int) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
}
