package vendorhttp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/accede/accede/plugins"
)

// Effect says what a request would do if it arrived.
type Effect bool

// The effects.
const (
	// Creates: repeating it creates another one, so that a lost answer is an unknown outcome.
	Creates Effect = true
	// Repeatable: reading, or setting something to a value; a lost answer is a reason to try again.
	Repeatable Effect = false
)

// StatusKind returns the kind of failure that an HTTP status of 300 or more stands for.
func StatusKind(status int, effect Effect) plugins.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusPaymentRequired, http.StatusProxyAuthRequired:
		return plugins.Auth
	case http.StatusNotFound:
		return plugins.NotFound
	case http.StatusGone:
		return plugins.Gone
	case http.StatusTooManyRequests:
		return plugins.RateLimited
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusLocked:
		return plugins.Transient
	}
	if status < http.StatusInternalServerError {
		return plugins.Invalid
	}
	return lost(effect)
}

// ErrorKind returns the kind of a failure without an answer. A request that cannot have left is Transient; one that was
// written and got no answer, or half of one, is Unknown if it creates something.
func ErrorKind(err error, effect Effect) plugins.Kind {
	switch {
	case errors.Is(err, ErrRedirect):
		return plugins.Invalid
	case neverSent(err):
		return plugins.Transient
	}
	return lost(effect)
}

func lost(effect Effect) plugins.Kind {
	if effect == Creates {
		return plugins.Unknown
	}
	return plugins.Transient
}

// neverSent says that no byte of the request can have reached the vendor.
func neverSent(err error) bool {
	if errors.Is(err, errNotSent) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		return true
	}
	_, name := errors.AsType[*net.DNSError](err)
	return name
}

// Failure describes a failed request as plugins report it: give the response, or the error there was instead. op is a
// gerund such as "posting message". It returns nil for an answer below 300. It does not close the body.
func Failure(op string, effect Effect, response *http.Response, err error) error {
	switch {
	case err != nil:
		return &plugins.Error{Op: op, Kind: ErrorKind(err, effect), Err: errors.New(Redact(err.Error()))}
	case response.StatusCode < http.StatusMultipleChoices:
		return nil
	}
	failure := &plugins.Error{
		Op: op, Kind: StatusKind(response.StatusCode, effect),
		Err: fmt.Errorf("the vendor answered %d %s", response.StatusCode, http.StatusText(response.StatusCode)),
	}
	if failure.Kind == plugins.RateLimited || response.StatusCode == http.StatusServiceUnavailable {
		failure.RetryAfter = RetryAfter(response.Header, time.Now())
	}
	return failure
}

const (
	// unnamedWait is taken for a 429 that names no wait, maxWait for one that names an absurd one.
	unnamedWait = 5 * time.Second
	maxWait     = time.Hour
)

// RetryAfter reads how long the vendor asks to wait: Retry-After in seconds or as a date, or the seconds of ratelimit-reset
// where that is missing. It returns five seconds when neither can be read, and at most an hour.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After", "Ratelimit-Reset"} {
		if wait, ok := seconds(header.Get(name)); ok {
			return wait
		}
	}
	at, err := http.ParseTime(header.Get("Retry-After"))
	if err != nil {
		return unnamedWait
	}
	return min(max(at.Sub(now), 0), maxWait)
}

// seconds reads a number of seconds, bounded by an hour.
func seconds(text string) (time.Duration, bool) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !(number >= 0) {
		return 0, false
	}
	return time.Duration(min(number, maxWait.Seconds()) * float64(time.Second)), true
}
