package slack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// scope is a permission of the bot and what for.
type scope struct {
	name, use string
	// without says what still works when it is missing; empty if nothing does.
	without string
}

func scopes() []scope {
	return []scope{
		{name: "chat:write", use: "post and update cards"},
		{name: "users:read", use: "tell members from guests and strangers"},
		{name: "im:write", use: "write to people directly"},
		{name: "channels:history", use: "find a card again after a crash instead of posting it twice, in public channels"},
		{name: "groups:history", use: "find a card again after a crash instead of posting it twice, in private channels"},
		{name: "im:history", use: "find a card again after a crash instead of posting it twice, in direct messages"},
		{
			name: "users:read.email", use: "find people by their e-mail address",
			without: "people are reached only after they linked their account",
		},
		{name: "channels:read", use: "find public channels by name", without: "give public channels by their id (C…)"},
		{name: "groups:read", use: "find private channels by name", without: "give private channels by their id (C… or G…)"},
	}
}

// Check asks Slack whether everything needed is there.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	own, err := b.people.self(ctx)
	if err != nil {
		return append(b.checkInbound(ctx), finding("The bot token does not work", failure("asking who the bot is", repeatable, err)))
	}
	findings := slices.Concat(checkScopes(own.scopes), b.checkInbound(ctx))
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// finding words an error of Slack's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	typed, ok := errors.AsType[*plugins.Error](err)
	if ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

func checkScopes(granted []string) []plugins.Finding {
	var findings []plugins.Finding
	for _, needed := range scopes() {
		if slices.Contains(granted, needed.name) {
			continue
		}
		f := plugins.Finding{
			What: fmt.Sprintf("The Slack app lacks the scope %s, so it cannot %s.", needed.name, needed.use),
			Fix: fmt.Sprintf("Add %s at api.slack.com/apis → your app → \"OAuth & Permissions\" → Bot Token Scopes, then press "+
				"\"Reinstall to Workspace\".", needed.name),
		}
		if needed.without != "" {
			f.Warning = true
			f.Fix += " Without it, " + needed.without + "."
		}
		findings = append(findings, f)
	}
	return findings
}

var usualSecret = regexp.MustCompile(`^[0-9a-z]{32}$`)

func (b *bot) checkInbound(ctx context.Context) []plugins.Finding {
	switch b.config.inbound() {
	case ModeSocket:
		return b.checkAppToken(ctx)
	case ModeHTTP:
		if !usualSecret.MatchString(b.config.SigningSecret.Reveal()) {
			return []plugins.Finding{{
				What: "The signing secret does not look like one: Slack's have 32 digits and lower-case letters.",
				Fix: "Copy it again from api.slack.com/apps → your app → \"Basic Information\" → App Credentials → Signing " +
					"Secret; not the Client Secret, and not the Verification Token.",
			}}
		}
		return nil
	default:
		return []plugins.Finding{{
			What: "Clicks cannot reach this plugin, so cards carry a link only.", Warning: true,
			Fix: "Give app_token for Socket Mode or signing_secret for HTTP callbacks.",
		}}
	}
}

func (b *bot) checkAppToken(ctx context.Context) []plugins.Finding {
	err := b.api.openSocket(ctx)
	if err == nil {
		return nil
	}
	f := finding("Socket Mode does not work", failure("opening a Socket Mode connection", repeatable, err))
	switch codeOf(err) {
	case "invalid_auth", "not_authed", "token_revoked", "account_inactive":
		f.Fix = "Slack does not know the app token; make a new one at api.slack.com/apps → your app → \"Basic Information\" → " +
			"App-Level Tokens, with the scope connections:write."
	case "missing_scope":
		f.Fix = "The app token lacks the scope connections:write; make a new one with it under \"Basic Information\" → App-Level Tokens."
	case "not_allowed_token_type":
		f.Fix = "app_token is of the wrong kind; it must be an App-Level Token (xapp-…) from \"Basic Information\", not the bot token."
	case "forbidden_team", "socket_mode_not_enabled", "not_enabled":
		f.Fix = "Switch Socket Mode on at api.slack.com/apps → your app → \"Socket Mode\"."
	}
	return []plugins.Finding{f}
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	found, err := b.Resolve(ctx, plugins.Recipient{Name: recipient})
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The recipient %q cannot be looked up", recipient), err)}
	}
	if len(found) == 0 {
		return []plugins.Finding{unknownRecipient(recipient)}
	}
	var findings []plugins.Finding
	for _, destination := range found {
		if !strings.HasPrefix(destination.ID, "D") {
			findings = append(findings, b.checkRoom(ctx, recipient, destination)...)
		}
	}
	return findings
}

func unknownRecipient(recipient string) plugins.Finding {
	if strings.Contains(recipient, "@") {
		return plugins.Finding{
			What: fmt.Sprintf("Nobody in the workspace has the e-mail address %q.", recipient),
			Fix:  "Correct the address in role_to_recipients, or invite the person to the workspace.",
		}
	}
	return plugins.Finding{
		What: fmt.Sprintf("There is no channel %q that the bot can see.", recipient),
		Fix:  "Correct its name in role_to_recipients; if the channel is private, type /invite @bot in it.",
	}
}

func (b *bot) checkRoom(ctx context.Context, recipient string, at plugins.Destination) []plugins.Finding {
	room, err := b.api.room(ctx, at.ID)
	if codeOf(err) == "missing_scope" {
		return b.checkHistory(ctx, recipient, at)
	}
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The channel %q cannot be used", recipient), failure("looking at channel", repeatable, err))}
	}
	switch {
	case room.archived:
		return []plugins.Finding{{
			What: fmt.Sprintf("The channel %q is archived.", recipient),
			Fix:  "Unarchive it in Slack, or name another one in role_to_recipients.",
		}}
	case !room.member:
		return []plugins.Finding{{
			What: fmt.Sprintf("The bot is not in the channel %q, so it cannot post there.", recipient),
			Fix:  "Type /invite @bot in the channel, with the bot's own name.",
		}}
	default:
		return nil
	}
}

// checkHistory tells membership without the scope to look at channels.
func (b *bot) checkHistory(ctx context.Context, recipient string, at plugins.Destination) []plugins.Finding {
	_, _, err := b.api.history(ctx, at.ID, stamp(b.now()), "", "")
	if err == nil || codeOf(err) == "missing_scope" {
		return nil
	}
	return []plugins.Finding{finding(fmt.Sprintf("The channel %q cannot be used", recipient), failure("reading channel", repeatable, err))}
}
