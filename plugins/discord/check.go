package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/accede/accede/plugins"
)

// Check asks Discord whether everything needed is there.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	own, err := b.people.application(ctx)
	if err != nil {
		return []plugins.Finding{b.finding("The bot token does not work", failure("asking whose bot this is", repeatable, err))}
	}
	findings := slices.Concat(b.checkInbound(ctx, own), b.checkGuilds(ctx))
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// finding words an error of Discord's.
func (*bot) finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	typed, ok := errors.AsType[*plugins.Error](err)
	if ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

// checkInbound compares the two ways in which clicks arrive, of which Discord uses one at a time.
func (b *bot) checkInbound(ctx context.Context, own application) []plugins.Finding {
	if b.config.Mode == ModeHTTP {
		return b.checkHTTP(own)
	}
	if own.EndpointURL != "" {
		return []plugins.Finding{{
			What: "Clicks do not come over the Gateway, because the application has an Interactions Endpoint URL.",
			Fix: "Empty the field \"Interactions Endpoint URL\" on the application's page \"General Information\" and save, or set " +
				"mode: http.",
		}}
	}
	at, err := b.api.entrance(ctx)
	if err != nil {
		return []plugins.Finding{b.finding("The Gateway cannot be reached", failure("asking for the gateway", repeatable, err))}
	}
	if at.Limit.Total > 0 && at.Limit.Remaining < at.Limit.Total/10 {
		return []plugins.Finding{{
			What:    fmt.Sprintf("The bot has connected to Discord very often: only %d of %d connections are left today.", at.Limit.Remaining, at.Limit.Total),
			Fix:     "Look for another program that uses the same bot token; each bot needs a token of its own.",
			Warning: true,
		}}
	}
	return nil
}

func (b *bot) checkHTTP(own application) []plugins.Finding {
	var findings []plugins.Finding
	if !strings.EqualFold(own.VerifyKey, b.config.PublicKey) {
		findings = append(findings, plugins.Finding{
			What: "public_key is not the application's, so every click would be refused.",
			Fix:  "Copy the Public Key again from the application's page \"General Information\".",
		})
	}
	if own.EndpointURL == "" {
		findings = append(findings, plugins.Finding{
			What: "Clicks cannot reach this plugin: the application has no Interactions Endpoint URL.",
			Fix: "Start the plugin, then enter its public address followed by /callback as \"Interactions Endpoint URL\" on the " +
				"application's page \"General Information\" and save; or set mode: gateway.",
			Warning: true,
		})
	}
	return findings
}

// checkGuilds looks whether the bot is in the servers that count.
func (b *bot) checkGuilds(ctx context.Context) []plugins.Finding {
	var findings []plugins.Finding
	for _, guild := range b.config.Guilds {
		_, err := b.api.server(ctx, guild)
		switch code := codeOf(err); {
		case err == nil:
		case code == codeUnknownGuild || code == codeMissingAccess:
			findings = append(findings, plugins.Finding{
				What: fmt.Sprintf("The bot is not in the server %s.", guild),
				Fix:  "Invite it with the address from the page \"Installation\", or correct guilds.",
			})
		default:
			findings = append(findings, b.finding("The server "+guild+" cannot be looked at", failure("looking at server", repeatable, err)))
		}
	}
	return findings
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	found, err := b.Resolve(ctx, plugins.Recipient{Name: recipient})
	if err != nil {
		return []plugins.Finding{b.finding(fmt.Sprintf("The recipient %q cannot be looked up", recipient), err)}
	}
	if len(found) == 0 {
		return []plugins.Finding{unknownRecipient(recipient)}
	}
	var findings []plugins.Finding
	for _, destination := range found {
		findings = append(findings, b.checkRoom(ctx, recipient, destination.ID)...)
	}
	return findings
}

func unknownRecipient(recipient string) plugins.Finding {
	switch {
	case strings.HasPrefix(recipient, "@"):
		return plugins.Finding{
			What: fmt.Sprintf("The bot cannot write to the account %q.", recipient),
			Fix:  "Correct the id in role_to_recipients; the person has to be in a server that the bot is in.",
		}
	case strings.Contains(recipient, "@"):
		return plugins.Finding{
			What: fmt.Sprintf("Discord does not tell whose e-mail address %q is.", recipient),
			Fix:  "Give a channel, or the person's account id with @ before it, in role_to_recipients.",
		}
	default:
		return plugins.Finding{
			What: fmt.Sprintf("There is no channel %q that the bot can see.", recipient),
			Fix:  "Correct its name in role_to_recipients, or give the bot the permission View Channel there.",
		}
	}
}

func (b *bot) checkRoom(ctx context.Context, recipient, id string) []plugins.Finding {
	r, err := b.api.room(ctx, id)
	if err != nil {
		return []plugins.Finding{b.finding(fmt.Sprintf("The channel %q cannot be used", recipient), failure("looking at channel", repeatable, err))}
	}
	thread := r.Type >= roomThreads && r.Type <= roomLastThread
	switch {
	case r.Type == roomDirect:
		return nil
	case r.GuildID == "" || !thread && r.Type != roomText && r.Type != roomAnnouncement:
		return []plugins.Finding{{
			What: fmt.Sprintf("Nobody can write in the channel %q.", recipient),
			Fix:  "Name a text channel, an announcement channel or a thread in role_to_recipients.",
		}}
	case !b.people.allowed(r.GuildID):
		return []plugins.Finding{{
			What: fmt.Sprintf("The channel %q is in a server that guilds does not list, so clicks there would not count.", recipient),
			Fix:  "Add " + r.GuildID + " to guilds, or name a channel elsewhere.",
		}}
	}
	return b.checkPermissions(ctx, recipient, r, thread)
}

// checkPermissions says which permissions the bot lacks in a channel.
func (b *bot) checkPermissions(ctx context.Context, recipient string, r room, thread bool) []plugins.Finding {
	have, err := b.permissions(ctx, r, thread)
	if err != nil {
		return []plugins.Finding{b.finding(fmt.Sprintf("The permissions in %q cannot be looked at", recipient), failure("looking at permissions", repeatable, err))}
	}
	var missing, uses []string
	for _, p := range permissions() {
		needed := thread && p.bit != bitSend || !thread && !p.threads
		if needed && have&p.bit == 0 {
			missing, uses = append(missing, p.name), append(uses, p.use)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("In the channel %q the bot lacks %s, so it cannot %s.", recipient, strings.Join(missing, ", "), strings.Join(uses, "; ")),
		Fix:  "In Discord: Edit Channel → Permissions → add the bot or its role → allow " + strings.Join(missing, ", ") + ".",
	}}
}

func (b *bot) permissions(ctx context.Context, r room, thread bool) (uint64, error) {
	own, err := b.people.self(ctx)
	if err != nil {
		return 0, err
	}
	guild, err := b.api.server(ctx, r.GuildID)
	if err != nil {
		return 0, err
	}
	m, err := b.api.member(ctx, r.GuildID, own.ID)
	if err != nil {
		return 0, err
	}
	m.User.ID = own.ID
	if thread { // a thread has its parent's permissions
		if r, err = b.api.room(ctx, r.ParentID); err != nil && statusOf(err) != http.StatusForbidden {
			return 0, err
		}
	}
	return permissionsIn(guild, m, r), nil
}
