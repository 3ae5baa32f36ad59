package slack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether Slack did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// failure turns an error of the client into the host's terms.
func failure(op string, what vendorhttp.Effect, err error) error {
	if err == nil {
		return nil
	}
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	out := &plugins.Error{Op: op, Err: detailed(withoutURL(err))}
	out.Kind, out.Public = classify(what, err)
	if limited, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		out.RetryAfter = limited.RetryAfter
	}
	return out
}

func classify(what vendorhttp.Effect, err error) (plugins.Kind, string) {
	if said, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return classifyCode(what, said)
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		return classifyStatus(what, status.Code)
	}
	_, limited := errors.AsType[*slackgo.RateLimitedError](err)
	_, unreadable := errors.AsType[*strconv.NumError](err) // what the client makes of a 429 with an odd Retry-After
	if limited || unreadable {
		return plugins.RateLimited, sayLimited
	}
	return classifyNetwork(what, err)
}

const sayLimited = "Slack wants fewer messages for a while; nothing to do."

func classifyCode(what vendorhttp.Effect, said slackgo.SlackErrorResponse) (plugins.Kind, string) {
	kind, known := kindOfCode(said.Err)
	switch {
	case !known || kind == plugins.Unknown:
		kind = unclear(what)
	case kind == plugins.Auth && said.Err == "missing_scope":
		return kind, missingScopes(said.Needed)
	}
	return kind, publicSentence(kind, said.Err)
}

func missingScopes(needed string) string {
	if needed == "" {
		needed = "a scope that is not named"
	}
	return fmt.Sprintf("The Slack app lacks the scope %s; add it under \"OAuth & Permissions\", Bot Token Scopes, and reinstall "+
		"the app.", needed)
}

func classifyStatus(what vendorhttp.Effect, status int) (plugins.Kind, string) {
	kind := vendorhttp.StatusKind(status, what)
	switch {
	case kind == plugins.RateLimited:
		return kind, sayLimited
	case kind == plugins.Auth:
		return kind, fmt.Sprintf("Something between the plugin and Slack answered %d; check api_url and the proxy.", status)
	case status < http.StatusInternalServerError:
		return kind, fmt.Sprintf("Slack answered %d; check that api_url is right and ends in /api/.", status)
	default:
		return kind, "Slack is having trouble; the plugin tries again."
	}
}

func classifyNetwork(what vendorhttp.Effect, err error) (plugins.Kind, string) {
	kind := vendorhttp.ErrorKind(err, what)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return plugins.Transient, "Slack's certificate is not trusted; if a proxy is in between, add its certificate to the " +
			"plugin's system."
	}
	switch {
	case errors.Is(err, vendorhttp.ErrRedirect):
		return kind, "api_url leads somewhere else; correct it."
	case errors.Is(err, context.DeadlineExceeded):
		return kind, "Slack did not answer in time; the plugin tries again."
	case vendorhttp.ErrorKind(err, creates) == plugins.Transient:
		return kind, "Slack could not be reached; check the network, DNS and proxy of the plugin."
	default:
		return kind, "The connection to Slack broke off; the plugin tries again."
	}
}

// unclear is the kind of a failure that leaves open what Slack did.
func unclear(what vendorhttp.Effect) plugins.Kind {
	if what == creates {
		return plugins.Unknown
	}
	return plugins.Transient
}

// detailed adds what Slack says about where the fault is, for the log.
func detailed(err error) error {
	said, ok := errors.AsType[slackgo.SlackErrorResponse](err)
	if !ok || len(said.ResponseMetadata.Messages) == 0 {
		return err
	}
	return fmt.Errorf("%w: %s", err, strings.Join(said.ResponseMetadata.Messages[:min(3, len(said.ResponseMetadata.Messages))], "; "))
}

// withoutURL drops the address from an HTTP client's error: a response_url is a credential.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(wrapped.Op), wrapped.Err)
	}
	return err
}

// codeOf returns Slack's error code, empty if the error is of another sort.
func codeOf(err error) string {
	if said, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return said.Err
	}
	return ""
}
