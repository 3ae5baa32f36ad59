package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether PagerDuty did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// codeAlreadyResolved is PagerDuty's answer to a change of an incident that is resolved.
const codeAlreadyResolved = 1001

// saidError is what PagerDuty said when it refused.
type saidError struct {
	status, code int
	text         string
}

func (e *saidError) Error() string {
	return fmt.Sprintf("PagerDuty answered %d (code %d): %s", e.status, e.code, e.text)
}

// failure turns an error of the client into the host's terms.
func failure(op string, effect vendorhttp.Effect, seen *outcome, err error) error {
	if err == nil {
		return nil
	}
	for _, cause := range []error{err, seen.err} {
		if typed, ok := errors.AsType[*plugins.Error](cause); ok {
			return typed
		}
	}
	switch {
	case seen.err != nil:
		return unanswered(op, effect, seen.err)
	case seen.status >= http.StatusMultipleChoices:
		return refused(op, effect, seen, err)
	default:
		return unreadable(op, effect, err)
	}
}

func unanswered(op string, effect vendorhttp.Effect, err error) error {
	failure, ok := errors.AsType[*plugins.Error](vendorhttp.Failure(op, effect, nil, err))
	if !ok {
		return err
	}
	switch {
	case errors.Is(err, vendorhttp.ErrRedirect):
		failure.Public = "api_url leads somewhere else; correct it."
	case errors.Is(err, context.DeadlineExceeded):
		failure.Public = "PagerDuty did not answer in time; the plugin tries again."
	default:
		failure.Public = "PagerDuty could not be reached, or the connection broke off; check the network, DNS and proxy of the plugin."
	}
	return failure
}

func refused(op string, effect vendorhttp.Effect, seen *outcome, err error) error {
	said := &saidError{status: seen.status, text: "no reason given"}
	if answer, ok := errors.AsType[pd.APIError](err); ok && answer.APIError.Valid {
		object := answer.APIError.ErrorObject
		said.code = object.Code
		said.text = vendorhttp.Redact(strings.Join(append([]string{object.Message}, object.Errors...), "; "))
	}
	out := &plugins.Error{Op: op, Kind: vendorhttp.StatusKind(seen.status, effect), Err: said}
	out.Public = explain(out.Kind, said)
	if seen.outdated {
		out.Kind, out.Public = plugins.Transient, "PagerDuty took its token back; the plugin gets a new one and tries again."
	}
	if out.Kind == plugins.RateLimited || seen.status == http.StatusServiceUnavailable {
		out.RetryAfter = waitOf(seen.header)
	}
	return out
}

// waitOf is how long PagerDuty asks to wait; a 429 without headers means a few seconds.
func waitOf(header http.Header) time.Duration {
	if wait := vendorhttp.RateLimitReset(header, time.Now()); wait > 0 {
		return wait
	}
	return vendorhttp.RetryAfter(header, time.Now())
}

func explain(kind plugins.Kind, said *saidError) string {
	switch {
	case said.status == http.StatusUnauthorized:
		return "PagerDuty does not know the credential, or it has expired; renew api_key or client_secret. Is region right?"
	case said.status == http.StatusPaymentRequired:
		return "PagerDuty's plan of this account lacks what was asked for: " + said.text + "."
	case kind == plugins.Auth:
		return "PagerDuty's credential lacks a right: " + said.text + ". `accede-pagerduty check` names it."
	case kind == plugins.RateLimited:
		return "PagerDuty wants fewer calls for a while; nothing to do."
	case kind == plugins.NotFound:
		return "PagerDuty does not have it, or the credential may not see it."
	case kind == plugins.Invalid:
		return "PagerDuty refuses: " + said.text + "."
	default:
		return "PagerDuty is having trouble; the plugin tries again."
	}
}

// unreadable is an answer that says success and is not what PagerDuty sends.
func unreadable(op string, effect vendorhttp.Effect, err error) error {
	if errors.Is(err, errTooMany) {
		return &plugins.Error{Op: op, Kind: plugins.Invalid, Err: errTooMany, Public: "PagerDuty holds more of it than it lets anybody read."}
	}
	kind := plugins.Transient
	if effect == creates {
		kind = plugins.Unknown
	}
	return &plugins.Error{
		Op: op, Kind: kind, Err: errors.New(vendorhttp.Redact(err.Error())),
		Public: "PagerDuty's answer cannot be read; if this stays so, check api_url and the proxy.",
	}
}

// said reports whether PagerDuty answered with this status.
func said(err error, status int) bool {
	answer, ok := errors.AsType[*saidError](err)
	return ok && answer.status == status
}

// alreadyResolved reports whether PagerDuty refused because the incident is resolved.
func alreadyResolved(err error) bool {
	answer, ok := errors.AsType[*saidError](err)
	return ok && answer.code == codeAlreadyResolved
}
