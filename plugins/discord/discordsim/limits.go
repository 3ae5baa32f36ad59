package discordsim

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limits of the API: https://discord.com/developers/docs/topics/rate-limits. Those of the buckets are not documented and
// change; these are what bots see.
const (
	globalPerSecond = 50
	banWindow       = 10 * time.Minute
	usualBanAfter   = 10000
)

// allowance is how many calls a bucket takes in a span.
type allowance struct {
	calls int
	span  time.Duration
}

func allowanceOf(operation string) allowance {
	switch operation {
	case "create-message", "edit-message":
		return allowance{5, 5 * time.Second}
	case "get-channel-messages":
		return allowance{10, 5 * time.Second}
	case "create-dm":
		return allowance{10, 10 * time.Minute}
	default:
		return allowance{50, time.Second}
	}
}

// bucketCall is what a bucket says about one call.
type bucketCall struct {
	limit, remaining int
	reset            time.Time
	// wait is set if the call is one too many.
	wait time.Duration
}

type bucketState struct {
	used  int
	reset time.Time
}

// buckets count calls per operation and major id, and all calls per second.
type buckets struct {
	clock func() time.Time

	mu     sync.Mutex
	states map[string]*bucketState
}

func newBuckets(clock func() time.Time) *buckets {
	return &buckets{clock: clock, states: map[string]*bucketState{}}
}

// take counts one call. A roomy bucket never refuses; its headers say that there is plenty.
func (b *buckets) take(key string, a allowance, roomy bool) bucketCall {
	if roomy {
		a = allowance{calls: 1_000_000, span: time.Second}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock()
	state := b.states[key]
	if state == nil || !now.Before(state.reset) {
		state = &bucketState{reset: now.Add(a.span)}
		b.states[key] = state
	}
	call := bucketCall{limit: a.calls, reset: state.reset}
	if state.used >= a.calls {
		call.wait = state.reset.Sub(now)
		return call
	}
	state.used++
	call.remaining = a.calls - state.used
	return call
}

func (c bucketCall) headers(h http.Header, bucket string, now time.Time) {
	h.Set("X-RateLimit-Bucket", bucket)
	h.Set("X-RateLimit-Limit", strconv.Itoa(c.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(c.remaining))
	h.Set("X-RateLimit-Reset", decimals(float64(c.reset.UnixMilli())/1000))
	h.Set("X-RateLimit-Reset-After", decimals(max(c.reset.Sub(now).Seconds(), 0)))
}

func decimals(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }

// limited answers 429 as Discord does. Scope is user, global or shared.
func limited(w http.ResponseWriter, wait time.Duration, scope string) {
	seconds := math.Max(math.Ceil(wait.Seconds()*1000)/1000, 0.001)
	h := w.Header()
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(seconds))))
	h.Set("X-RateLimit-Scope", scope)
	h.Set("X-RateLimit-Reset-After", decimals(seconds))
	if scope == "global" {
		h.Set("X-RateLimit-Global", "true")
	} else {
		h.Set("X-RateLimit-Remaining", "0")
	}
	writeJSON(w, http.StatusTooManyRequests, map[string]any{
		"message": "You are being rate limited.", "retry_after": seconds, "global": scope == "global",
	})
}

// banCounter counts the refusals after which Discord's front door shuts out an address:
// https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans.
type banCounter struct {
	clock func() time.Time
	after int

	mu    sync.Mutex
	count int
	since time.Time
}

func newBanCounter(clock func() time.Time, after int) *banCounter {
	if after <= 0 {
		after = usualBanAfter
	}
	return &banCounter{clock: clock, after: after}
}

// note counts an answer if it is one of the kinds that count.
func (b *banCounter) note(status int, scope string) {
	counts := status == http.StatusUnauthorized || status == http.StatusForbidden ||
		status == http.StatusTooManyRequests && scope != "shared"
	if !counts {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll()
	b.count++
}

func (b *banCounter) roll() {
	if now := b.clock(); now.Sub(b.since) > banWindow {
		b.count, b.since = 0, now
	}
}

// state says how many refusals count at present and whether the address is banned.
func (b *banCounter) state() (count int, banned bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roll()
	return b.count, b.count >= b.after
}
