package teams

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// Short names for what it means when nobody knows whether Teams did it.
const (
	creates    = vendorhttp.Creates
	repeatable = vendorhttp.Repeatable
)

// tokenError says that there is no token, so that the call itself was never made.
type tokenError struct{ err error }

// Error returns the cause.
func (e *tokenError) Error() string { return "getting a token: " + vendorhttp.Redact(e.err.Error()) }

// Unwrap returns the cause.
func (e *tokenError) Unwrap() error { return e.err }

// failure turns an error of the client into the host's terms.
func failure(op string, what vendorhttp.Effect, err error) error {
	if err == nil {
		return nil
	}
	if typed, ok := errors.AsType[*plugins.Error](err); ok {
		return typed
	}
	out := &plugins.Error{Op: op, Err: errors.New(vendorhttp.Redact(err.Error()))}
	if failed, ok := errors.AsType[*tokenError](err); ok {
		out.Kind, out.Public = classifyToken(failed)
		return out
	}
	failed, ok := errors.AsType[*apiError](err)
	if !ok {
		out.Kind, out.Public = classifyNetwork(what, err)
		return out
	}
	out.Kind, out.Public = classify(what, failed)
	if out.Kind == plugins.RateLimited {
		out.RetryAfter = vendorhttp.RetryAfter(failed.header, time.Now())
	}
	return out
}

// codeMeaning is what a code of the vendor's means whatever the status.
type codeMeaning struct {
	codes  []string
	kind   plugins.Kind
	public string
}

// meanings follow https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis.
func meanings() []codeMeaning {
	return []codeMeaning{
		{
			[]string{"BotNotInConversationRoster"},
			plugins.NotFound,
			"The app is not there: add it to the team, or install it for the person (graph: install does so).",
		},
		{
			[]string{"ConversationBlockedByUser", "MessageWritesBlocked"},
			plugins.NotFound,
			"The person has blocked the bot or removed the app; only they can undo it.",
		},
		{
			[]string{"BotDisabledByAdmin"},
			plugins.Auth,
			"An administrator has blocked the app; allow it in the Teams admin center under \"Manage apps\".",
		},
		{
			[]string{"BotNotRegistered"},
			plugins.Auth,
			"The bot has no Teams channel; add Microsoft Teams on the Azure bot's page \"Channels\".",
		},
		{
			[]string{"InvalidBotApiHost"},
			plugins.Invalid,
			"This tenant is served from another address; set cloud (us_gov for GCC High), or endpoints.connector for GCC.",
		},
		{
			[]string{"NotEnoughPermissions"},
			plugins.Auth,
			"The app may not do that there; update it in the team with the package of `accede-teams package`.",
		},
		{
			[]string{"ConversationNotFound"},
			plugins.NotFound,
			"There is no such channel or chat any more; correct role_to_recipients and channels.",
		},
		{[]string{"ActivityNotFoundInConversation"}, plugins.Gone, "The message has been deleted in Teams."},
		{
			[]string{"MessageSizeTooBig", "ActivitySizeTooBig"},
			plugins.Invalid,
			"The card is too large for Teams; please report this as a fault of the plugin.",
		},
	}
}

const sayLimited = "Teams wants fewer messages for a while; nothing to do."

func classify(what vendorhttp.Effect, failed *apiError) (plugins.Kind, string) {
	for _, known := range meanings() {
		if slices.Contains(known.codes, failed.code) {
			return known.kind, known.public
		}
	}
	switch failed.status {
	case http.StatusPreconditionFailed:
		return plugins.Transient, "Teams was busy with the same conversation; the plugin tries again."
	case http.StatusRequestEntityTooLarge:
		return plugins.Invalid, "The card is too large for Teams; please report this as a fault of the plugin."
	}
	kind := vendorhttp.StatusKind(failed.status, what)
	return kind, statusSentence(kind, failed.status)
}

func statusSentence(kind plugins.Kind, status int) string {
	switch {
	case kind == plugins.RateLimited:
		return sayLimited
	case kind == plugins.Auth:
		return fmt.Sprintf("Teams answered %d; compare app_id and tenant with the Azure bot, and see that Teams is among its channels.", status)
	case kind == plugins.NotFound:
		return "Teams does not know this channel, chat or message, or the app was removed from it."
	case status < http.StatusInternalServerError:
		return fmt.Sprintf("Teams answered %d; see the plugin's log.", status)
	default:
		return "Teams is having trouble; the plugin tries again."
	}
}

// tokenFaults are what Entra says, by its codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
func tokenFaults() map[string]string {
	return map[string]string{
		"AADSTS7000215": "app_secret is wrong; copy the column \"Value\" of the client secret, not its id.",
		"AADSTS7000222": "app_secret has expired; make a new one under \"Certificates & secrets\" of the app registration.",
		"AADSTS700016":  "app_id is not known in this tenant; compare app_id and tenant with the app registration's overview.",
		"AADSTS900023":  "tenant is no directory's id; copy the \"Directory (tenant) ID\".",
		"AADSTS90002":   "tenant does not exist; copy the \"Directory (tenant) ID\" from the app registration's overview.",
		"AADSTS700027":  "The certificate is not registered; upload it under \"Certificates & secrets\" of the app registration.",
		"AADSTS700024":  "The statement that the certificate signed is out of its time; correct this machine's clock.",
		"AADSTS7000112": "The app is disabled; enable it under \"Enterprise applications\", \"Properties\".",
	}
}

func classifyToken(failed *tokenError) (plugins.Kind, string) {
	refused, ok := errors.AsType[*oauth2.RetrieveError](failed.err)
	if !ok || refused.Response == nil {
		kind, public := classifyNetwork(repeatable, failed.err)
		return kind, strings.ReplaceAll(public, "Teams", "Entra")
	}
	if kind := vendorhttp.StatusKind(refused.Response.StatusCode, repeatable); kind == plugins.Transient || kind == plugins.RateLimited {
		return kind, "Entra gives out no token just now; the plugin tries again."
	}
	for code, sentence := range tokenFaults() {
		if strings.Contains(string(refused.Body), code+":") {
			return plugins.Auth, sentence
		}
	}
	return plugins.Auth, "Entra gives the bot no token; compare app_id, tenant and app_secret (or the certificate) with the app registration."
}

func classifyNetwork(what vendorhttp.Effect, err error) (plugins.Kind, string) {
	kind := vendorhttp.ErrorKind(err, what)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return plugins.Transient, "The certificate of Teams is not trusted; if a proxy is in between, add its certificate to the plugin's system."
	}
	switch {
	case errors.Is(err, vendorhttp.ErrRedirect):
		return kind, "The address leads somewhere else; leave endpoints out unless this is a sandbox."
	case errors.Is(err, context.DeadlineExceeded):
		return kind, "Teams did not answer in time; the plugin tries again."
	case vendorhttp.ErrorKind(err, creates) == plugins.Transient:
		return kind, "Teams could not be reached; check the network, DNS and proxy of the plugin."
	default:
		return kind, "The connection to Teams broke off; the plugin tries again."
	}
}

// codeOf returns the vendor's code, empty if the error is of another sort.
func codeOf(err error) string {
	if failed, ok := errors.AsType[*apiError](err); ok {
		return failed.code
	}
	return ""
}

// statusOf returns the HTTP status of a refusal, 0 if the error is of another sort.
func statusOf(err error) int {
	if failed, ok := errors.AsType[*apiError](err); ok {
		return failed.status
	}
	return 0
}
