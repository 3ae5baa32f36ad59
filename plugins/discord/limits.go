package discord

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// perSecond stays below the 50 requests a second that a bot may make:
	// https://discord.com/developers/docs/topics/rate-limits#global-rate-limit. The difference is for what is under way.
	perSecond = 40
	// maxInvalid stays far below the 10,000 answers of 401, 403 and 429 in ten minutes after which Discord bans an address:
	// https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans.
	maxInvalid    = 1000
	invalidWindow = 10 * time.Minute
	// afterUnauthorized is how long nothing is asked after Discord refused the token, afterForbidden how long nothing of
	// that sort is asked of that channel after Discord refused permission.
	afterUnauthorized = 5 * time.Minute
	afterForbidden    = time.Minute
	// maxRoutes bounds what is remembered.
	maxRoutes = 10_000
)

// route is a sort of request, as Discord counts them: the path with all ids but the most important one left out.
type route struct {
	// name has no ids; major is the id of the channel, server or webhook.
	name, major string
	// byToken says that an interaction's token, and not the bot's, is what opens it. Such requests are not counted.
	byToken bool
}

func (r route) key() string { return r.name + " " + r.major }

// routeOf says which sort of request a path is.
func routeOf(method, path string) route {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	r := route{byToken: parts[0] == "interactions" || parts[0] == "webhooks"}
	for i, part := range parts {
		switch {
		case r.byToken && i == 2:
			parts[i] = ":token"
		case !snowflake.MatchString(part):
		case i == 1 && (parts[0] == "channels" || parts[0] == "guilds" || r.byToken):
			r.major, parts[i] = part, ":major"
		default:
			parts[i] = ":id"
		}
	}
	r.name = method + " " + strings.Join(parts, "/")
	return r
}

// limits knows what Discord would refuse: https://discord.com/developers/docs/topics/rate-limits. It never waits; it says
// how long to.
type limits struct {
	now func() time.Time

	mu sync.Mutex
	// buckets names the bucket of a route, as far as Discord has told; left is what remains of a bucket.
	buckets map[string]string
	left    map[string]allowance
	// holds are routes that Discord has refused; the empty key stands for all of them.
	holds map[string]hold
	// answered counts Discord's answers in the second that began at second.
	answered int
	second   time.Time
	// invalid counts refusals since invalidSince.
	invalid      int
	invalidSince time.Time
}

type allowance struct {
	requests int
	until    time.Time
}

type hold struct {
	refusal
	until time.Time
}

func newLimits() *limits {
	return &limits{
		now: time.Now, buckets: map[string]string{}, left: map[string]allowance{}, holds: map[string]hold{},
	}
}

// admit returns nil if the request may be sent now.
func (l *limits) admit(r route) *refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, key := range []string{"", r.key()} {
		if held, ok := l.holds[key]; ok && now.Before(held.until) && (key != "" || !r.byToken) {
			out := held.refusal
			out.held, out.wait = true, held.until.Sub(now)
			return &out
		}
	}
	if wait := l.invalidSince.Add(invalidWindow).Sub(now); l.invalid >= maxInvalid && wait > 0 {
		return &refusal{status: http.StatusTooManyRequests, message: "too many refusals in ten minutes", wait: wait, held: true}
	}
	return l.spend(r, now)
}

// spend takes one request from the allowances. The lock must be held.
func (l *limits) spend(r route, now time.Time) *refusal {
	bucket := l.buckets[r.name] + " " + r.major
	have, known := l.left[bucket]
	known = known && now.Before(have.until)
	if known && have.requests <= 0 {
		return &refusal{status: http.StatusTooManyRequests, message: "the bucket is empty for now", wait: have.until.Sub(now), held: true}
	}
	if !r.byToken {
		if wait := l.second.Add(time.Second).Sub(now); wait > 0 && l.answered >= perSecond {
			return &refusal{status: http.StatusTooManyRequests, message: "40 requests a second", wait: wait, everywhere: true, held: true}
		}
	}
	if known {
		have.requests--
		l.left[bucket] = have
	}
	return nil
}

// note reads what an answer says about its bucket.
func (l *limits) note(r route, header http.Header) {
	bucket := header.Get("X-RateLimit-Bucket")
	remaining, err := strconv.Atoi(header.Get("X-RateLimit-Remaining"))
	after, err2 := strconv.ParseFloat(header.Get("X-RateLimit-Reset-After"), 64)
	if bucket == "" || err != nil || err2 != nil || after < 0 || after > invalidWindow.Seconds() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countAnswer(r)
	if len(l.buckets) > maxRoutes || len(l.left) > maxRoutes {
		clear(l.buckets)
		clear(l.left)
	}
	l.buckets[r.name] = bucket
	until := l.now().Add(time.Duration(after * float64(time.Second)))
	key := bucket + " " + r.major
	if have, ok := l.left[key]; ok && l.now().Before(have.until) && have.requests < remaining {
		remaining = have.requests // others are under way that this answer does not count
	}
	l.left[key] = allowance{requests: remaining, until: until}
}

func (l *limits) countAnswer(r route) {
	if r.byToken {
		return
	}
	if now := l.now(); now.Sub(l.second) >= time.Second {
		l.answered, l.second = 0, now
	}
	l.answered++
}

// refused remembers a refusal that would only be repeated. What does not come from Discord itself is not remembered.
func (l *limits) refused(r route, refused *refusal) {
	if !refused.own {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key, wait := r.key(), time.Duration(0)
	switch refused.status {
	case http.StatusUnauthorized:
		key, wait = "", afterUnauthorized
		if r.byToken {
			wait = 0 // the interaction's token has run out, not the bot's
		}
	case http.StatusForbidden:
		wait = afterForbidden
	case http.StatusTooManyRequests:
		wait = refused.wait
		if refused.everywhere {
			key = ""
		}
	default:
		return
	}
	l.countInvalid()
	if wait > 0 && (!r.byToken || refused.status == http.StatusTooManyRequests) {
		l.holds[key] = hold{refusal: *refused, until: l.now().Add(wait)}
	}
}

func (l *limits) countInvalid() {
	now := l.now()
	if now.Sub(l.invalidSince) > invalidWindow {
		l.invalid, l.invalidSince = 0, now
		maps.DeleteFunc(l.holds, func(_ string, h hold) bool { return now.After(h.until) })
	}
	l.invalid++
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
