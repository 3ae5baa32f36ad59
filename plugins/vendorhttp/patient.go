package vendorhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"
)

// Patience says how a client of one credential waits for its vendor.
type Patience struct {
	// Creates says that a request makes something new, so that it is sent again only when the vendor certainly did
	// nothing: after 429, and after errors before the request was written. Nil means every POST. Other writes are
	// treated alike, except PUT, which sets something to a value and may be repeated.
	Creates func(*http.Request) bool
	// Reads says that a POST only reads, such as a search, and may be repeated like a GET. Nil means none.
	Reads func(*http.Request) bool
	// Asked reads how long the vendor asks to wait, zero if it does not say. Nil reads Retry-After.
	Asked func(http.Header, time.Time) time.Duration
	// PerSecond and Burst bound the requests of this credential; zero PerSecond is unbounded.
	PerSecond float64
	Burst     int
	// Longest (5s) is the longest wait that is slept through; a longer one comes back as the vendor's answer, so that
	// the host can take the work up again later.
	Longest time.Duration
	// Tries (3) is how often one request is sent at most.
	Tries int
}

const (
	standardLongest = 5 * time.Second
	standardTries   = 3
	// firstPause is waited before the second try if the vendor does not say; it doubles with each further one.
	firstPause = 250 * time.Millisecond
)

func (p Patience) withDefaults() Patience {
	if p.Creates == nil {
		p.Creates = func(r *http.Request) bool { return r.Method == http.MethodPost }
	}
	if p.Reads == nil {
		p.Reads = func(*http.Request) bool { return false }
	}
	if p.Asked == nil {
		p.Asked = asked
	}
	if p.Longest <= 0 {
		p.Longest = standardLongest
	}
	if p.Tries <= 0 {
		p.Tries = standardTries
	}
	return p
}

// Patient returns a client that waits for a vendor and sends again what may be sent again. All requests of one credential
// go through one such client, because its limiter is theirs together. The last answer or error is handed back as it is;
// [Failure] describes it. What client bounds, it bounds per try; all tries end with the request's context.
func Patient(client *http.Client, patience Patience) *http.Client {
	p := patience.withDefaults()
	limit := rate.Inf
	if p.PerSecond > 0 {
		limit = rate.Limit(p.PerSecond)
	}
	return &http.Client{
		Transport: &patient{
			client: client, patience: p, limiter: rate.NewLimiter(limit, max(p.Burst, 1)),
		},
		CheckRedirect: client.CheckRedirect,
	}
}

// patient is the transport of a patient client.
type patient struct {
	client   *http.Client
	patience Patience
	limiter  *rate.Limiter
}

// errNotSent marks failures of requests of which the vendor has seen nothing.
var errNotSent = errors.New("not sent")

// RoundTrip sends a request until it is answered or may not be sent again.
func (p *patient) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		defer request.Body.Close()
	}
	if err := p.limiter.Wait(request.Context()); err != nil {
		return nil, fmt.Errorf("%w: waiting for the rate limit: %w", errNotSent, err)
	}
	e := &errand{patient: p, repeatable: p.repeatable(request)}
	traced := request.WithContext(httptrace.WithClientTrace(request.Context(), e.trace()))
	repeated, err := retryablehttp.FromRequest(traced)
	if err != nil {
		return nil, fmt.Errorf("%w: reading request: %w", errNotSent, err)
	}
	response, err := e.client().Do(repeated)
	if err != nil {
		return nil, e.described(err)
	}
	return response, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the connections.
func (p *patient) CloseIdleConnections() { p.client.CloseIdleConnections() }

func (p *patient) repeatable(r *http.Request) bool {
	switch {
	case p.patience.Reads(r):
		return true
	case p.patience.Creates(r):
		return false
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, "":
		return true
	}
	return false
}

// errand is one request on its way, with all its tries.
type errand struct {
	patient    *patient
	repeatable bool
	// unsent says for certain that the present try has not reached the vendor: it waits, or has no connection yet.
	unsent atomic.Bool
	tries  int
	pause  time.Duration
}

func (e *errand) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { e.unsent.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { e.unsent.Store(false) },
	}
}

func (e *errand) client() *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient:   e.patient.client,
		RetryMax:     e.patient.patience.Tries - 1,
		CheckRetry:   e.again,
		Backoff:      func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return e.pause },
		PrepareRetry: e.prepare,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// prepare waits for the limiter before another try.
func (e *errand) prepare(r *http.Request) error {
	if err := e.patient.limiter.Wait(r.Context()); err != nil {
		return err
	}
	e.unsent.Store(false)
	return nil
}

// again decides whether to send once more. An answer that is not waited for stays whole for the caller.
func (e *errand) again(ctx context.Context, response *http.Response, err error) (bool, error) {
	e.tries++
	if ctx.Err() != nil || e.tries >= e.patient.patience.Tries || !e.worthwhile(response, err) {
		return false, nil
	}
	pause := e.wanted(response)
	if pause > e.patient.patience.Longest || endsWithin(ctx, pause) {
		return false, nil
	}
	e.pause = pause + rand.N(pause/4+1) //nolint:gosec // spreading load needs no secrecy
	e.unsent.Store(true)
	return true, nil
}

func (e *errand) worthwhile(response *http.Response, err error) bool {
	switch {
	case err != nil:
		return (e.repeatable || e.unsent.Load() || neverSent(err)) && !permanent(err)
	case response.StatusCode == http.StatusTooManyRequests:
		return true
	}
	return e.repeatable && response.StatusCode >= http.StatusInternalServerError &&
		response.StatusCode != http.StatusNotImplemented
}

// permanent tells failures that no repetition mends.
func permanent(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted || errors.Is(err, ErrRedirect)
}

// wanted is what the vendor asks for, or a pause of our own where it does not say.
func (e *errand) wanted(response *http.Response) time.Duration {
	if response != nil {
		if asked := e.patient.patience.Asked(response.Header, time.Now()); asked > 0 {
			return asked
		}
	}
	return min(firstPause<<(e.tries-1), e.patient.patience.Longest)
}

func endsWithin(ctx context.Context, pause time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return bounded && time.Until(deadline) <= pause
}

// described says of a failure whether the vendor can have seen the request. The caller's client names the address.
func (e *errand) described(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if e.unsent.Load() {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	return err
}

// asked reads Retry-After, zero if it is missing.
func asked(header http.Header, now time.Time) time.Duration {
	if header.Get("Retry-After") == "" {
		return 0
	}
	return RetryAfter(header, now)
}

// RateLimitReset is an Asked of [Patience] for vendors that answer 429 with the seconds to wait in ratelimit-reset. Where
// that is missing it reads Retry-After. It returns at most an hour.
func RateLimitReset(header http.Header, now time.Time) time.Duration {
	if wait, ok := seconds(header.Get("Ratelimit-Reset")); ok {
		return wait
	}
	return asked(header, now)
}
