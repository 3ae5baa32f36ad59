package signin

import (
	"container/list"
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// A person who mistypes has ten tries at once and then one every six seconds; an address that many people share more.
	triesPerName       = 10
	nameRefill         = 6 * time.Second
	triesPerAddress    = 50
	addressRefill      = time.Second
	rememberedLimiters = 10_000
	// signInsAtOnce bounds the memory and time that hashing passwords may take.
	signInsAtOnce = 4
	maxNameInKey  = 128
)

// Limits bounds the guessing of passwords, per name and per remote address, whichever door the tries come through. It is
// safe for concurrent use.
type Limits struct {
	names, addresses *limiters
	running          chan struct{}
}

// NewLimits makes limits that nobody has used yet. Now is the clock; nil is the machine's.
func NewLimits(now func() time.Time) *Limits {
	if now == nil {
		now = time.Now
	}
	return &Limits{
		names:     newLimiters(rate.Every(nameRefill), triesPerName, now),
		addresses: newLimiters(rate.Every(addressRefill), triesPerAddress, now),
		running:   make(chan struct{}, signInsAtOnce),
	}
}

// TooManyError refuses a try because there were too many.
type TooManyError struct {
	// Wait is how long until the next try is let through.
	Wait time.Duration
}

// Error says what happened and what to do.
func (e *TooManyError) Error() string {
	return "There were too many tries to sign in. Wait " + e.Wait.Round(time.Second).String() + " and try again."
}

// Enter counts a try and waits until it may run; leave says that it has ended. A try too many gets a [*TooManyError]; else
// the error is the context's.
func (l *Limits) Enter(ctx context.Context, name, address string) (leave func(), err error) {
	name = strings.ToLower(name)
	if wait := max(l.addresses.take(address), l.names.take(name[:min(len(name), maxNameInKey)])); wait > 0 {
		return nil, &TooManyError{Wait: wait}
	}
	select {
	case l.running <- struct{}{}:
		return func() { <-l.running }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// limiters holds one token bucket per key and forgets those that were not used for longest.
type limiters struct {
	every rate.Limit
	burst int
	now   func() time.Time

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List
}

type limiter struct {
	key    string
	bucket *rate.Limiter
}

func newLimiters(every rate.Limit, burst int, now func() time.Time) *limiters {
	return &limiters{every: every, burst: burst, now: now, byKey: map[string]*list.Element{}, recent: list.New()}
}

// take uses up one token and returns zero, or how long to wait for the next. A refused try costs nothing.
func (l *limiters) take(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	reservation := l.bucket(key).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
		return max(wait, time.Second)
	}
	return 0
}

func (l *limiters) bucket(key string) *rate.Limiter {
	if element, ok := l.byKey[key]; ok {
		l.recent.MoveToFront(element)
		return element.Value.(*limiter).bucket //nolint:errcheck // the list holds nothing else
	}
	if l.recent.Len() >= rememberedLimiters {
		oldest := l.recent.Back()
		delete(l.byKey, l.recent.Remove(oldest).(*limiter).key) //nolint:errcheck // as above
	}
	added := &limiter{key: key, bucket: rate.NewLimiter(l.every, l.burst)}
	l.byKey[key] = l.recent.PushFront(added)
	return added.bucket
}
