package slack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/accede/accede/plugins"
)

// effect says what it means if nobody knows whether Slack did it.
type effect int

const (
	// repeatable: doing it twice is the same as doing it once.
	repeatable effect = iota
	// creates: doing it twice makes two messages.
	creates
)

// failure turns an error of the client into the host's terms.
func failure(op string, what effect, err error) error {
	if err == nil {
		return nil
	}
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	out := &plugins.Error{Op: op, Err: withoutURL(err)}
	out.Kind, out.Public = classify(what, err)
	if limited, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		out.RetryAfter = limited.RetryAfter
	}
	return out
}

func classify(what effect, err error) (plugins.Kind, string) {
	if said, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return classifyCode(what, said)
	}
	if _, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return plugins.RateLimited, "Slack wants fewer messages for a while; nothing to do."
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		return classifyStatus(what, status.Code)
	}
	return classifyNetwork(what, err)
}

func classifyCode(what effect, said slackgo.SlackErrorResponse) (plugins.Kind, string) {
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

func classifyStatus(what effect, status int) (plugins.Kind, string) {
	switch {
	case status == http.StatusTooManyRequests:
		return plugins.RateLimited, "Slack wants fewer messages for a while; nothing to do."
	case status >= http.StatusInternalServerError:
		return unclear(what), "Slack is having trouble; the plugin tries again."
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		return plugins.Auth, fmt.Sprintf("Something between the plugin and Slack answered %d; check api_url and the proxy.", status)
	default:
		return plugins.Invalid, fmt.Sprintf("Slack answered %d; check that api_url ends in /api/.", status)
	}
}

// classifyNetwork tells errors before the first byte left from those after it.
func classifyNetwork(what effect, err error) (plugins.Kind, string) {
	const unreachable = "Slack could not be reached; check the network, DNS and proxy of the plugin."
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return plugins.Transient, unreachable
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return plugins.Transient, unreachable
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return plugins.Auth, "Slack's certificate is not trusted; a proxy may be in between: add its certificate to the plugin's system."
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return unclear(what), "Slack did not answer in time; the plugin tries again."
	}
	return unclear(what), "The connection to Slack broke off; the plugin tries again."
}

func unclear(what effect) plugins.Kind {
	if what == creates {
		return plugins.Unknown
	}
	return plugins.Transient
}

// withoutURL drops the address from an HTTP client's error: a response_url is a credential.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(wrapped.Op), wrapped.Err)
	}
	return err
}
