package servicenow

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether ServiceNow did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

var errNoJSON = errors.New("the answer is no JSON")

const sayAsleep = "ServiceNow answered with a page instead of data: the instance hibernates or is being upgraded, or " +
	"instance_url leads to something else. Open it in a browser and look."

// complaint is the body of a refusal.
type complaint struct {
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

func (c complaint) text() string {
	return strings.TrimSpace(vendorhttp.Redact(oneLine(strings.Trim(c.Message+": "+c.Detail, ": "), 300)))
}

// refused describes an answer of 300 or more.
func refused(op string, what vendorhttp.Effect, response *http.Response, said complaint) *plugins.Error {
	failure := &plugins.Error{
		Op: op, Kind: vendorhttp.StatusKind(response.StatusCode, what),
		Err: fmt.Errorf("ServiceNow answered %d %s: %s", response.StatusCode, http.StatusText(response.StatusCode), said.text()),
	}
	switch {
	case failure.Kind == plugins.RateLimited || response.StatusCode == http.StatusServiceUnavailable:
		failure.RetryAfter = waitOf(response.Header)
		failure.Public = "ServiceNow wants fewer calls for a while. If this lasts, raise the REST rate limit of the " +
			"integration user (System Web Services > REST > Rate Limit Rules)."
	case isPolicy(response.StatusCode, said):
		failure.Kind = plugins.Invalid
		failure.Public = "ServiceNow does not take the record like this: " + said.text() +
			". Give the missing fields under servicenow.fields or servicenow.closing."
	case failure.Kind == plugins.Auth:
		failure.Public = deniedSentence(response.StatusCode, said)
	case failure.Kind == plugins.Invalid:
		failure.Public = "ServiceNow refuses it: " + said.text() + ". Compare table and fields with the instance."
	case failure.Kind == plugins.NotFound:
		failure.Public = "ServiceNow has no such record, or its access rules hide it from the integration user."
	case response.StatusCode >= http.StatusInternalServerError:
		failure.Public = "ServiceNow is having trouble; the plugin tries again."
	}
	return failure
}

func deniedSentence(status int, said complaint) string {
	if status == http.StatusUnauthorized {
		return "ServiceNow does not accept the integration user's credentials; check user and password, or client_id and " +
			"client_secret, and see that the user is active and not locked out."
	}
	return "ServiceNow's access rules keep the integration user out: " + said.text() + ". Give it the rights that the " +
		"documentation lists."
}

// isPolicy tells a data policy or business rule, which wants other content, from a lack of rights. Both are answered 403.
func isPolicy(status int, said complaint) bool {
	text := strings.ToLower(said.Message + " " + said.Detail)
	return status == http.StatusForbidden && (strings.Contains(text, "data policy") || strings.Contains(text, "mandatory"))
}

// unreached describes a call that got no answer.
func unreached(op string, what vendorhttp.Effect, err error) error {
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	failure := &plugins.Error{
		Op: op, Kind: vendorhttp.ErrorKind(err, what), Err: errors.New(vendorhttp.Redact(err.Error())),
		Public: "ServiceNow could not be reached; check instance_url, the network and the proxy of the plugin.",
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		failure.Public = "ServiceNow's certificate is not trusted; if a proxy is in between, add its certificate to the " +
			"plugin's system."
	case errors.Is(err, vendorhttp.ErrRedirect):
		failure.Public = "instance_url leads somewhere else; correct it."
	case errors.Is(err, context.DeadlineExceeded):
		failure.Public = "ServiceNow did not answer in time; the plugin tries again."
	}
	return failure
}

// unreadable describes an answer of 2xx that is not what it should be.
func unreadable(op string, what vendorhttp.Effect, err error) error {
	kind := plugins.Transient
	if what == creates {
		kind = plugins.Unknown
	}
	return &plugins.Error{Op: op, Kind: kind, Err: errors.New(vendorhttp.Redact(err.Error())), Public: sayAsleep}
}

// asked reads how long ServiceNow wants to be left alone: Retry-After, or the time in X-RateLimit-Reset. Zero if it does
// not say. Its rules count by the hour, so that this can be most of one.
func asked(header http.Header, now time.Time) time.Duration {
	if header.Get("Retry-After") != "" {
		return vendorhttp.RetryAfter(header, now)
	}
	at, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	return min(max(time.Unix(at, 0).Sub(now), 0), time.Hour)
}

func waitOf(header http.Header) time.Duration {
	if wait := asked(header, time.Now()); wait > 0 {
		return wait
	}
	return vendorhttp.RetryAfter(header, time.Now())
}
