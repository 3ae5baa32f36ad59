package discord

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether Discord did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// failure turns an error of the API into the host's terms.
func failure(op string, what vendorhttp.Effect, err error) error {
	if err == nil {
		return nil
	}
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	out := &plugins.Error{Op: op, Err: plainError(err)}
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		out.Kind, out.Public = classifyNetwork(what, err)
		return out
	}
	out.Kind, out.Public = classify(what, refused)
	if out.Kind == plugins.RateLimited {
		out.RetryAfter = refused.wait
	}
	return out
}

const sayLimited = "Discord wants fewer requests for a while; nothing to do."

func classify(what vendorhttp.Effect, refused *refusal) (plugins.Kind, string) {
	if kind, known := kindOfCode(refused.code); known {
		return kind, publicSentence(kind, refused.code)
	}
	kind := vendorhttp.StatusKind(refused.status, what)
	switch {
	case kind == plugins.RateLimited:
		return kind, sayLimited
	case refused.status == http.StatusUnauthorized && refused.own:
		return kind, "Discord does not know the bot token; press \"Reset Token\" on the application's page \"Bot\" and put the new " +
			"token into bot_token."
	case refused.status == http.StatusForbidden && refused.own:
		return kind, fmt.Sprintf("Discord does not allow the bot this (code %d); look at its permissions.", refused.code)
	case kind == plugins.Auth:
		return kind, fmt.Sprintf("Something between the plugin and Discord answered %d; check api_url and the proxy.", refused.status)
	case refused.status < http.StatusInternalServerError && !refused.own:
		return kind, fmt.Sprintf("Discord answered %d; check that api_url is right and ends in its version.", refused.status)
	case refused.status < http.StatusInternalServerError:
		return kind, fmt.Sprintf("Discord refuses what the plugin sent (code %d); please report this as a fault of the plugin.", refused.code)
	default:
		return kind, "Discord is having trouble; the plugin tries again."
	}
}

func classifyNetwork(what vendorhttp.Effect, err error) (plugins.Kind, string) {
	kind := vendorhttp.ErrorKind(err, what)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return plugins.Transient, "Discord's certificate is not trusted; if a proxy is in between, add its certificate to the " +
			"plugin's system."
	}
	switch {
	case errors.Is(err, vendorhttp.ErrRedirect):
		return kind, "api_url leads somewhere else; correct it."
	case errors.Is(err, context.DeadlineExceeded):
		return kind, "Discord did not answer in time; the plugin tries again."
	case vendorhttp.ErrorKind(err, creates) == plugins.Transient:
		return kind, "Discord could not be reached; check the network, DNS and proxy of the plugin."
	default:
		return kind, "The connection to Discord broke off; the plugin tries again."
	}
}

// plainError drops the address from an HTTP client's error: those of interactions are credentials.
func plainError(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(wrapped.Op), wrapped.Err)
	}
	return err
}

// codeOf returns Discord's error code, 0 if the error has none.
func codeOf(err error) int {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return refused.code
	}
	return 0
}

// statusOf returns the HTTP status of a refusal of Discord's own, 0 if the error is of another sort.
func statusOf(err error) int {
	if refused, ok := errors.AsType[*refusal](err); ok && refused.own {
		return refused.status
	}
	return 0
}
