package opsgenie

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether the service did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// codeTeamKey is Opsgenie's answer when a key belongs to a team and the thing asked for does not.
const codeTeamKey = 40301

// saidError is what the service said when it refused.
type saidError struct {
	service      string
	status, code int
	text         string
}

func (e *saidError) Error() string {
	return fmt.Sprintf("%s answered %d (code %d): %s", e.service, e.status, e.code, e.text)
}

// complaint is the body of a refusal, in the forms that the services use.
type complaint struct {
	Message string          `json:"message"`
	Code    json.RawMessage `json:"code"`
	Errors  json.RawMessage `json:"errors"`
	// Sentences are Jira's.
	Sentences []string `json:"errorMessages"`
}

func readComplaint(body []byte) (text string, code int) {
	var said complaint
	if json.Unmarshal(body, &said) != nil {
		return "no reason given", 0
	}
	var titled []struct {
		Title string `json:"title"`
	}
	texts := append([]string{said.Message}, said.Sentences...)
	if json.Unmarshal(said.Errors, &titled) == nil {
		for _, one := range titled {
			texts = append(texts, one.Title)
		}
	}
	code, err := strconv.Atoi(string(said.Code))
	if err != nil {
		code = 0
	}
	text = oneLine(vendorhttp.Redact(strings.TrimSpace(strings.Join(texts, " "))), maxComplaint)
	if text == "" {
		text = "no reason given"
	}
	return text, code
}

const maxComplaint = 300

// refused describes an answer of 300 or more.
func (a *api) refused(c call, response *http.Response, body []byte) *plugins.Error {
	said := &saidError{service: a.speaks.title(), status: response.StatusCode}
	said.text, said.code = readComplaint(body)
	failure := &plugins.Error{Op: c.op, Kind: vendorhttp.StatusKind(said.status, c.effect), Err: said}
	failure.Public = a.explain(failure.Kind, said)
	if failure.Kind == plugins.RateLimited || said.status == http.StatusServiceUnavailable {
		failure.RetryAfter = waitOf(response.Header)
	}
	return failure
}

func (a *api) explain(kind plugins.Kind, said *saidError) string {
	switch {
	case said.status == http.StatusUnauthorized:
		return a.speaks.credentialAdvice()
	case said.code == codeTeamKey:
		return sayTeamKey
	case said.status == http.StatusPaymentRequired:
		return said.service + "'s plan of this account lacks what was asked for: " + said.text + "."
	case kind == plugins.Auth:
		return said.service + "'s credential lacks a right: " + said.text + ". `accede-opsgenie check` names it."
	case kind == plugins.RateLimited:
		return said.service + " wants fewer calls for a while; if this lasts, lower calls_per_minute."
	case kind == plugins.NotFound:
		return said.service + " does not have it, or the credential may not see it."
	case kind == plugins.Invalid:
		return said.service + " refuses: " + said.text + "."
	default:
		return said.service + " is having trouble; the plugin tries again."
	}
}

const sayTeamKey = "The API key belongs to a team, so it cannot see what belongs to others: schedules for one. Make a key of the " +
	"whole account under Settings > API key management, with read, create and update, and configuration access, and give it as api_key."

// unreached describes a call that got no answer.
func (a *api) unreached(c call, err error) error {
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	failure := &plugins.Error{
		Op: c.op, Kind: vendorhttp.ErrorKind(err, c.effect), Err: errors.New(vendorhttp.Redact(err.Error())),
		Public: a.speaks.title() + " could not be reached, or the connection broke off; check the network, DNS and proxy of the plugin.",
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		failure.Public = "The certificate of " + a.speaks.title() + " is not trusted; if a proxy is in between, add its certificate to the " +
			"plugin's system."
	case errors.Is(err, vendorhttp.ErrRedirect):
		failure.Public = "api_url or site_url leads somewhere else; correct it."
	case errors.Is(err, context.DeadlineExceeded):
		failure.Public = a.speaks.title() + " did not answer in time; the plugin tries again."
	}
	return failure
}

// unreadable describes an answer of 2xx that is not what it should be.
func (a *api) unreadable(c call, err error) error {
	return &plugins.Error{
		Op: c.op, Kind: lost(c.effect), Err: errors.New(vendorhttp.Redact(err.Error())),
		Public: "The answer of " + a.speaks.title() + " cannot be read; if this stays so, check api_url, site_url and the proxy.",
	}
}

// lost is the kind of a failure after which nobody knows what the service did.
func lost(effect vendorhttp.Effect) plugins.Kind {
	if effect == creates {
		return plugins.Unknown
	}
	return plugins.Transient
}

// asked reads how long the service wants to be left alone: Retry-After, or the period over which it counts. Zero if it does
// not say.
func asked(header http.Header, now time.Time) time.Duration {
	if header.Get("Retry-After") != "" {
		return vendorhttp.RetryAfter(header, now)
	}
	seconds, err := strconv.Atoi(header.Get("X-Ratelimit-Period-In-Sec"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, int(time.Hour/time.Second)))*time.Second, time.Hour)
}

func waitOf(header http.Header) time.Duration {
	if wait := asked(header, time.Now()); wait > 0 {
		return wait
	}
	return vendorhttp.RetryAfter(header, time.Now())
}

// said reports whether the service answered with this status.
func said(err error, status int) bool {
	answer, ok := errors.AsType[*saidError](err)
	return ok && answer.status == status
}

// byTeamKey reports whether the service refused because the key belongs to a team.
func byTeamKey(err error) bool {
	answer, ok := errors.AsType[*saidError](err)
	return ok && answer.code == codeTeamKey
}

func notFound(err error) bool { return err != nil && plugins.KindOf(err) == plugins.NotFound }
