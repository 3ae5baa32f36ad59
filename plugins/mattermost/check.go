package mattermost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/accede/accede/plugins"
)

// Check asks Mattermost whether everything needed is there, and lets it try a click.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	own, err := b.people.self(ctx)
	if err != nil {
		return []plugins.Finding{finding("The bot token does not work", failure("asking who the bot is", repeatable, err))}
	}
	findings := checkOwn(own)
	findings = append(findings, b.checkServer(ctx)...)
	findings = append(findings, b.checkCallback(ctx)...)
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, own, recipient)...)
	}
	return findings
}

// finding words an error of Mattermost's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	typed, ok := errors.AsType[*plugins.Error](err)
	if ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

func checkOwn(own member) []plugins.Finding {
	if own.bot {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("The token belongs to %s, who is a person: cards would come in that person's name.", code(own.name, maxName)),
		Fix: "Make a bot account (Integrations → Bot Accounts → Add Bot Account; a system administrator may have to enable bot " +
			"accounts first) and use its token.",
		Warning: true,
	}}
}

// oldest is the first version that the plugin is tested with.
const oldestMajor, oldestMinor = 9, 11

func (b *bot) checkServer(ctx context.Context) []plugins.Finding {
	known, err := b.server.get(ctx)
	if err != nil {
		return []plugins.Finding{finding("The server does not tell its settings", failure("asking for settings", repeatable, err))}
	}
	var findings []plugins.Finding
	if isOlder(known.version) {
		findings = append(findings, plugins.Finding{
			What: "The server has version " + known.version + ".", Warning: true,
			Fix: "Update Mattermost to 9.11 or newer; older ones are not tested.",
		})
	}
	return append(append(findings, checkKey(known)...), b.checkSiteURL(known.siteURL)...)
}

func isOlder(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if errors.Join(err1, err2) != nil {
		return false
	}
	return major < oldestMajor || major == oldestMajor && minor < oldestMinor
}

func checkKey(known settings) []plugins.Finding {
	switch {
	case !known.publishes:
		return []plugins.Finding{{
			What: "The server publishes no key (AsymmetricSigningPublicKey), so that nothing but the sealed button proves a click.",
			Fix: "Make sure that only the Mattermost server can reach the plugin's callback, for example by its address at the " +
				"reverse proxy; servers from 9.11 on normally publish a key.",
			Warning: true,
		}}
	case known.key == nil:
		return []plugins.Finding{{
			What: "The server's key for clicks cannot be read, so every click is refused.",
			Fix:  "Tell us the server's version, and set decisions: link_only meanwhile.",
		}}
	default:
		return nil
	}
}

func (b *bot) checkSiteURL(site string) []plugins.Finding {
	if site == "" {
		return []plugins.Finding{{
			What: "The server does not know its own address (SiteURL is empty), which breaks interactive messages in places.",
			Fix:  "Set System Console → Environment → Web Server → Site URL to the address that people use.", Warning: true,
		}}
	}
	told, err1 := url.Parse(site)
	used, err2 := url.Parse(b.config.URL.String())
	if errors.Join(err1, err2) != nil || told.Host == used.Host {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("The server calls itself %s (SiteURL), the plugin calls it %s.", told.Host, used.Host), Warning: true,
		Fix: "That is fine if both lead to the same server; else correct url here, or System Console → Environment → Web Server → " +
			"Site URL there.",
	}}
}

func (b *bot) checkRecipient(ctx context.Context, own member, recipient string) []plugins.Finding {
	found, err := b.Resolve(ctx, plugins.Recipient{Name: recipient})
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The recipient %q cannot be looked up", recipient), err)}
	}
	if len(found) == 0 {
		return []plugins.Finding{b.unknownRecipient(recipient)}
	}
	var findings []plugins.Finding
	for _, destination := range found {
		findings = append(findings, b.checkRoom(ctx, own, recipient, destination)...)
	}
	return findings
}

func (b *bot) unknownRecipient(recipient string) plugins.Finding {
	switch {
	case strings.HasPrefix(recipient, "@"):
		return plugins.Finding{
			What: fmt.Sprintf("There is no active account %q on this server.", recipient),
			Fix:  "Correct the name in role_to_recipients; bots and accounts of other servers cannot be written to.",
		}
	case strings.Contains(recipient, "@"):
		return plugins.Finding{
			What: fmt.Sprintf("No account can be told by the e-mail address %q.", recipient),
			Fix: fmt.Sprintf("Write @username instead. By address (email: %s), an account is taken only if its address is vouched "+
				"for; docs/plugins/mattermost.md says when.", b.config.Email),
		}
	default:
		return plugins.Finding{
			What: fmt.Sprintf("There is no channel %q that the bot can see.", recipient),
			Fix: "Correct its name in role_to_recipients (the name in its address, not its title) or team; if the channel is " +
				"private, add the bot to the team and type /invite @bot in the channel.",
		}
	}
}

func (b *bot) checkRoom(ctx context.Context, own member, recipient string, at plugins.Destination) []plugins.Finding {
	room, err := b.api.room(ctx, at.ID)
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The channel %q cannot be used", recipient), failure("looking at channel", repeatable, err))}
	}
	if room.archived {
		return []plugins.Finding{{
			What: fmt.Sprintf("The channel %q is archived.", recipient),
			Fix:  "Unarchive it in Mattermost, or name another one in role_to_recipients.",
		}}
	}
	if room.direct || own.has("system_post_all") || own.has("system_admin") {
		return nil
	}
	in, err := b.api.isIn(ctx, at.ID, own.id)
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The channel %q cannot be used", recipient), failure("looking at members", repeatable, err))}
	}
	if in {
		return nil
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("The bot is not in the channel %q, so it can neither post nor read there.", recipient),
		Fix:  "Type /invite @bot in the channel, with the bot's own name; add it to the team first.",
	}}
}

// checkCallback lets Mattermost try a click, and if that fails, finds out why.
func (b *bot) checkCallback(ctx context.Context) []plugins.Finding {
	if !b.artist.answers {
		return []plugins.Finding{{
			What: "Clicks cannot reach this plugin, so cards carry a link only.", Warning: true, Fix: "Give callback_url.",
		}}
	}
	err := b.probe(ctx)
	doubt, doubted := errors.AsType[doubtError](err)
	switch {
	case err == nil:
		return nil
	case doubted:
		return []plugins.Finding{{
			What: "Mattermost reaches the plugin, but its clicks are refused: " + string(doubt) + ".",
			Fix:  "Compare the clocks of both machines, and make sure that url leads to the server that makes the calls.",
		}}
	case errors.Is(err, errElse):
		return []plugins.Finding{{
			What: "Something else than this plugin answers at callback_url.",
			Fix: "Lead " + b.config.callback("") + " to the plugin's /callback. If another installation of Accede lives there, give " +
				"each its own address.",
		}}
	case idOf(err) == idActionFailed || statusOf(err) == http.StatusBadRequest:
		return []plugins.Finding{b.diagnose(ctx, err)}
	default:
		return []plugins.Finding{finding("A click could not be tried", failure("trying a click", repeatable, err))}
	}
}
