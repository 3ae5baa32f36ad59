package slack

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins/wording"
)

const (
	// responseLife is how long a response_url can be used, a minute kept in hand; it works five times:
	// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
	responseLife = 29 * time.Minute
	// attention is how long somebody who clicked is taken to still look at the channel. Slack shows an ephemeral message
	// only to people who are there: https://docs.slack.dev/reference/methods/chat.postEphemeral.
	attention = 5 * time.Minute
)

var errNoResponseURL = errors.New("there is no response address that may be used")

// Answer tells the person who clicked what became of it: where they clicked while they are likely to be there, else in
// a direct message.
func (b *bot) Answer(ctx context.Context, d v1.Decision, result v1.DecisionResult) error {
	at, m, age := spotOf(d), answer(result), b.now().Sub(d.Made)
	inChannel := at.Channel != "" && !strings.HasPrefix(at.Channel, "D")
	if age < attention && inChannel {
		if b.api.whisper(ctx, at.Channel, d.Identity.User, m) == nil {
			return nil
		}
	}
	if age < responseLife && (age < attention || !inChannel) {
		if b.viaResponse(ctx, at, m) == nil {
			return nil
		}
	}
	return b.viaDirect(ctx, d.Identity.User, m)
}

func (b *bot) viaDirect(ctx context.Context, user string, m message) error {
	channel, err := b.api.openDirect(ctx, user)
	if err != nil {
		return failure("opening direct message", repeatable, err)
	}
	_, err = b.api.post(ctx, channel, m)
	return failure("answering click", creates, err)
}

func (b *bot) viaResponse(ctx context.Context, at spot, m message) error {
	if !b.mayPostTo(at.ResponseURL) {
		return errNoResponseURL
	}
	return b.api.respond(ctx, at.ResponseURL, m)
}

// mayPostTo keeps the plugin from posting anywhere but to Slack.
func (b *bot) mayPostTo(address string) bool {
	to, err := url.Parse(address)
	if err != nil || to.User != nil {
		return false
	}
	base, err := url.Parse(b.api.base)
	if err == nil && to.Scheme == base.Scheme && to.Host == base.Host && to.Host != "" {
		return true
	}
	return to.Scheme == "https" && (to.Host == "hooks.slack.com" || to.Host == "hooks.slack-gov.com")
}

// linkCode is the form of one-time codes; anything else is shown as plain text.
var linkCode = regexp.MustCompile(`^[A-Za-z0-9-]{4,64}$`)

// answer draws the core's sentence and, for an unknown account, how its owner connects it.
func answer(result v1.DecisionResult) message {
	if result.LinkCode == "" {
		return said(wording.Visible(result.Message), "", "")
	}
	command, sentence := "accede link slack "+result.LinkCode, result.Message
	if !strings.Contains(sentence, command) {
		sentence += " To connect your account, run this where you are signed in to Accede: " + command
	}
	m := said(wording.Visible(sentence), "", "")
	if linkCode.MatchString(result.LinkCode) {
		m.blocks = append(m.blocks, section(markup("```"+command+"```"))) // easier to copy
	}
	m.blocks = append(m.blocks, section(plain("Whoever runs it can decide in Slack as this account from then on. Run it only if "+
		"you yourself clicked just now, never because somebody sent it to you. Afterwards click again.")))
	return m
}
