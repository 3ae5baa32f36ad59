package httpapi

import (
	"container/list"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	v1 "github.com/accede/accede/api/v1"
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

// signInLimits bounds the guessing of passwords, per name and per remote address.
type signInLimits struct {
	names, addresses *limiters
	running          chan struct{}
}

func newSignInLimits(now func() time.Time) *signInLimits {
	return &signInLimits{
		names:     newLimiters(rate.Every(nameRefill), triesPerName, now),
		addresses: newLimiters(rate.Every(addressRefill), triesPerAddress, now),
		running:   make(chan struct{}, signInsAtOnce),
	}
}

// check counts a try and refuses it if there were too many.
func (l *signInLimits) check(name, address string) error {
	name = strings.ToLower(name)
	wait := max(l.addresses.take(address), l.names.take(name[:min(len(name), maxNameInKey)]))
	if wait == 0 {
		return nil
	}
	return newProblem(http.StatusTooManyRequests, v1.CodeRateLimited,
		"There were too many tries to sign in. Wait "+wait.Round(time.Second).String()+" and try again.").retryAfter(wait)
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
