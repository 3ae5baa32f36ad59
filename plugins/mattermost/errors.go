package mattermost

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether Mattermost did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// failure turns an error of the api into the host's terms.
func failure(op string, what vendorhttp.Effect, err error) error {
	if err == nil {
		return nil
	}
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	out := &plugins.Error{Op: op, Err: err}
	out.Kind, out.Public = classify(what, err)
	if said, ok := errors.AsType[*apiError](err); ok {
		out.RetryAfter = said.retryAfter
	}
	return out
}

func goneError(op string) error {
	return &plugins.Error{Op: op, Kind: plugins.Gone, Public: "The message was deleted in Mattermost."}
}

func classify(what vendorhttp.Effect, err error) (plugins.Kind, string) {
	if said, ok := errors.AsType[*apiError](err); ok {
		return classifyAnswer(what, said)
	}
	if errors.Is(err, errMangled) || errors.Is(err, errNoID) {
		return lost(what), "Something between the plugin and Mattermost spoils its answers; check url and the proxy."
	}
	return classifyNetwork(what, err)
}

func classifyAnswer(what vendorhttp.Effect, said *apiError) (plugins.Kind, string) {
	if said.id == idPermissions && what == creates {
		return plugins.NotFound, "The bot may not post there; add it to the team and type /invite @bot in the channel, with its " +
			"own name, or give it the role \"post:all\"."
	}
	kind, known := kindOfID(said.id)
	if !known {
		kind = vendorhttp.StatusKind(said.status, what)
	}
	if fix := fixOf(said.id); fix != "" {
		return kind, fix
	}
	return kind, sentence(kind, said)
}

func sentence(kind plugins.Kind, said *apiError) string {
	switch kind {
	case plugins.Auth:
		return authSentence(said)
	case plugins.Invalid:
		if said.id == "" {
			return fmt.Sprintf("The server answered %d; check that url is right and leads to Mattermost.", said.status)
		}
		return fmt.Sprintf("Mattermost refuses what the plugin sent (%s); please report this as a fault of the plugin.", said.id)
	case plugins.NotFound:
		if said.id == "" {
			return "There is no Mattermost at url; check it, and leave /api/v4 away."
		}
		return fmt.Sprintf("Mattermost knows no such channel or account, or does not let the bot see it (%s).", said.id)
	case plugins.Gone:
		return "The message was deleted in Mattermost."
	case plugins.RateLimited:
		return "Mattermost wants fewer requests for a while; nothing to do."
	case plugins.Transient, plugins.Unknown:
		return fmt.Sprintf("Mattermost is having trouble (%d); the plugin tries again.", said.status)
	default:
		return fmt.Sprintf("Mattermost answered %d.", said.status)
	}
}

func authSentence(said *apiError) string {
	switch {
	case said.id == "":
		return fmt.Sprintf("Something between the plugin and Mattermost answered %d; check url and the proxy.", said.status)
	case said.status == http.StatusUnauthorized:
		return "Mattermost does not accept the bot's token; make a new one under Integrations, Bot Accounts, and put it into token."
	default:
		return fmt.Sprintf("The bot lacks a permission (%s); a system administrator has to look at its roles.", said.id)
	}
}

func classifyNetwork(what vendorhttp.Effect, err error) (plugins.Kind, string) {
	kind := vendorhttp.ErrorKind(err, what)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return plugins.Transient, "Mattermost's certificate is not trusted; add its authority's certificate to the plugin's system."
	}
	switch {
	case errors.Is(err, vendorhttp.ErrRedirect):
		return kind, "url leads somewhere else; give the address that it leads to, with https."
	case errors.Is(err, context.DeadlineExceeded):
		return kind, "Mattermost did not answer in time; the plugin tries again."
	case vendorhttp.ErrorKind(err, creates) == plugins.Transient:
		return kind, "Mattermost could not be reached; check url, network and DNS of the plugin."
	default:
		return kind, "The connection to Mattermost broke off; the plugin tries again."
	}
}

// lost is the kind of a failure that leaves open what Mattermost did.
func lost(what vendorhttp.Effect) plugins.Kind {
	if what == creates {
		return plugins.Unknown
	}
	return plugins.Transient
}

// idOf returns Mattermost's error id, empty if the error is of another sort.
func idOf(err error) string {
	if said, ok := errors.AsType[*apiError](err); ok {
		return said.id
	}
	return ""
}

// statusOf returns the HTTP status of a refusal, 0 if the error is of another sort.
func statusOf(err error) int {
	if said, ok := errors.AsType[*apiError](err); ok {
		return said.status
	}
	return 0
}
