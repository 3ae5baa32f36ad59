package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accede/accede/plugins"
)

// certificateNotice is how long before its end a certificate is spoken of.
const certificateNotice = 30 * 24 * time.Hour

// Check asks Microsoft whether everything needed is there. That callbacks arrive cannot be asked: nobody but Teams can
// send one.
func (b *bot) Check(ctx context.Context, recipients []string) []plugins.Finding {
	findings := slices.Concat(b.checkCertificate(), b.checkKeys(ctx))
	if _, err := b.api.tokens.token(ctx); err != nil {
		return append(findings, finding("Entra gives the bot no token", failure("getting a token", repeatable, &tokenError{err})))
	}
	for _, name := range b.channelNames() {
		findings = append(findings, b.checkChannel(ctx, name)...)
	}
	findings = append(findings, b.checkGraph(ctx)...)
	for _, recipient := range recipients {
		findings = append(findings, b.checkRecipient(ctx, recipient)...)
	}
	return findings
}

// finding words an error of Microsoft's.
func finding(what string, err error) plugins.Finding {
	f := plugins.Finding{What: what + ": " + err.Error() + ".", Fix: "See the plugin's log."}
	typed, ok := errors.AsType[*plugins.Error](err)
	if ok && typed.Public != "" {
		f.Fix = typed.Public
	}
	return f
}

func (b *bot) checkCertificate() []plugins.Finding {
	if b.prover == nil {
		return nil
	}
	fix := "Make a new certificate, upload it under \"Certificates & secrets\" of the app registration, and give it as certificate_file."
	left := b.prover.expires.Sub(b.now())
	switch {
	case left <= 0:
		return []plugins.Finding{{What: "The certificate expired on " + b.prover.expires.UTC().Format(time.DateOnly) + ".", Fix: fix}}
	case left < certificateNotice:
		return []plugins.Finding{{
			What: "The certificate expires on " + b.prover.expires.UTC().Format(time.DateOnly) + ".", Fix: fix, Warning: true,
		}}
	default:
		return nil
	}
}

func (b *bot) checkKeys(ctx context.Context) []plugins.Finding {
	if _, err := b.verifier.keys.fetch(ctx); err != nil {
		return []plugins.Finding{{
			What: "The keys that prove where callbacks come from cannot be fetched: " + failure("fetching keys", repeatable, err).Error() + ".",
			Fix:  "Let the plugin reach " + b.config.realm().OpenID.String() + "; until then every click is refused.",
		}}
	}
	return nil
}

func (b *bot) channelNames() []string {
	names := make([]string, 0, len(b.config.Channels))
	for name := range b.config.Channels {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (b *bot) checkChannel(ctx context.Context, name string) []plugins.Finding {
	id, _ := channelOf(b.config.Channels[name])
	b.rosters.forget(id)
	_, err := b.rosters.of(ctx, id)
	switch {
	case err == nil:
		return nil
	case statusOf(err) == http.StatusForbidden && codeOf(err) == "BotNotInConversationRoster":
		return []plugins.Finding{{
			What: fmt.Sprintf("The app is not in the team of the channel %q, so it cannot post there.", name),
			Fix:  "In Teams, open \"Manage team\" → \"Apps\" of that team and add the app; see `accede-teams package`.",
		}}
	case statusOf(err) == http.StatusNotFound:
		return []plugins.Finding{{
			What: fmt.Sprintf("Teams does not know the channel %q.", name),
			Fix:  "Choose \"Get link to channel\" from the channel's menu in Teams and put the link under channels.",
		}}
	default:
		return []plugins.Finding{finding(fmt.Sprintf("The channel %q cannot be used", name), failure("listing members", repeatable, err))}
	}
}

// checkGraph tries the permissions with a question that changes nothing.
func (b *bot) checkGraph(ctx context.Context) []plugins.Finding {
	if !b.graph.reads() {
		return nil
	}
	_, _, err := b.graph.userByAddress(ctx, "accede-check@invalid.example")
	if err != nil {
		return []plugins.Finding{finding("Microsoft Graph cannot be used", graphFailure("looking up a person", err))}
	}
	return nil
}

func (b *bot) checkRecipient(ctx context.Context, recipient string) []plugins.Finding {
	found, err := b.Resolve(ctx, plugins.Recipient{Name: recipient})
	if err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The recipient %q cannot be looked up", recipient), err)}
	}
	if len(found) > 0 {
		return b.checkUnnamed(ctx, recipient, found[0])
	}
	if strings.Contains(recipient, "@") || guid.MatchString(recipient) {
		return []plugins.Finding{{
			What: fmt.Sprintf("The person %q cannot be written to.", recipient),
			Fix: "Correct the address, let them add the app or join one of the configured channels, or use graph: install to " +
				"install it for them.",
		}}
	}
	return []plugins.Finding{{
		What: fmt.Sprintf("%q is not one of the configured channels.", recipient),
		Fix:  "Add it under channels with the link that Teams gives for \"Get link to channel\", or correct role_to_recipients.",
	}}
}

// checkUnnamed looks at a channel that is named by its id, which the configured ones are not.
func (b *bot) checkUnnamed(ctx context.Context, recipient string, at plugins.Destination) []plugins.Finding {
	if _, direct := channelOf(recipient); !direct || slices.Contains(b.channels(), at.ID) {
		return nil
	}
	if _, err := b.rosters.of(ctx, at.ID); err != nil {
		return []plugins.Finding{finding(fmt.Sprintf("The channel %q cannot be used", recipient), failure("listing members", repeatable, err))}
	}
	return nil
}
