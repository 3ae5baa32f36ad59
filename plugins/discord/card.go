package discord

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// Discord's limits are 2,000 characters for a message's text and 6,000 for a card, of which at most 4,096 in its
// description, 1,024 in a field and 2,048 in its footer: https://discord.com/developers/docs/resources/message#embed-object-embed-limits.
// Ours are sized so that a card in which everything is full stays below.
const (
	maxHeading      = 400
	maxProgress     = 400
	maxReason       = 1800
	maxRoles        = 700
	maxName         = 64
	maxReviewReason = 160
	maxReviewsShown = 4
	maxNote         = 220
	maxNotesShown   = 2
	maxLabel        = 60
)

// card draws a request's card. The error is that the card names no proper request.
func (a artist) card(c plugins.Card, mark string) (message, error) {
	buttons, err := a.buttons(c, mark)
	if err != nil {
		return message{}, err
	}
	card := &discordgo.MessageEmbed{
		Color: color(c.State), Fields: slices.Concat(facts(c), reviews(c), notes(c)),
		Footer: &discordgo.MessageEmbedFooter{Text: signature(c)},
	}
	if reason := strings.TrimSpace(c.Reason); reason != "" {
		card.Description = "**Reason**\n" + quoted(reason, maxReason)
	}
	if end := resolution(c); end != "" {
		card.Fields = append(card.Fields, field("Outcome", end, false))
	}
	return message{content: "**" + heading(c) + "**\n" + voice().Standing(c), card: card, buttons: buttons}, nil
}

func heading(c plugins.Card) string {
	if title := oneLine(c.Title, maxHeading); title != "" {
		return title
	}
	return "A request for access"
}

func color(state v1.State) int {
	switch state {
	case v1.StatePending:
		return colorWaiting
	case v1.StateApproved, v1.StatePromoted:
		return colorGood
	case v1.StateDenied:
		return colorBad
	default:
		return colorOver
	}
}

// facts are what is asked, by whom and for how long. Names are ours, values are escaped.
func facts(c plugins.Card) []*discordgo.MessageEmbedField {
	var fields []*discordgo.MessageEmbedField
	for _, fact := range voice().Facts(c) {
		value := fact.Text
		if !fact.At.IsZero() {
			value = moment(fact.At)
		}
		fields = append(fields, field(fact.Label, value, true))
	}
	return fields
}

// moment writes a time in UTC and, through Discord, in the reader's own zone.
func moment(t time.Time) string {
	return fmt.Sprintf("%s\n<t:%d:f> your time", wording.UTC(t), t.Unix())
}

// buttons are Approve and Deny while the card offers them, else the state, and the way to the core.
func (a artist) buttons(c plugins.Card, mark string) ([]discordgo.MessageComponent, error) {
	var buttons []discordgo.MessageComponent
	if c.State == v1.StatePending {
		for _, verdict := range c.Actions {
			sealed, err := a.seal.Seal(plugins.Action{
				RequestID: c.RequestID, Version: c.Version, Fingerprint: c.Fingerprint, Verdict: verdict,
			}, "")
			if err != nil {
				return nil, &plugins.Error{
					Op: "sealing button", Kind: plugins.Invalid, Err: err,
					Public: "The request has no proper id or fingerprint; please report this as a fault of the plugin.",
				}
			}
			buttons = append(buttons, decision(verdict, prefixDecision+sealed+"."+mark))
		}
	}
	if len(buttons) == 0 {
		buttons = append(buttons, status(plain(shortState(c), maxLabel), mark))
	}
	return append(buttons, openLink(c.URL)...), nil
}

func shortState(c plugins.Card) string {
	switch {
	case c.State == v1.StatePending:
		return "Waiting"
	case c.AccessEnded:
		return "Access ended"
	case c.State == v1.StateExpired:
		return "Expired"
	case c.State == v1.StateWithdrawn:
		return "Withdrawn"
	case c.State == v1.StatePromoted:
		return "Promoted"
	default:
		return voice().StateWord(c.State)
	}
}

func decision(verdict v1.Verdict, customID string) discordgo.Button {
	if verdict == v1.Approve {
		return discordgo.Button{Style: discordgo.SuccessButton, Label: "Approve", CustomID: customID}
	}
	return discordgo.Button{Style: discordgo.DangerButton, Label: "Deny", CustomID: customID}
}

// signature lets people compare what they see here with what they see elsewhere. A footer knows no markup.
func signature(c plugins.Card) string {
	parts := []string{"Request " + plain(c.RequestID, maxName)}
	if c.Fingerprint != "" {
		parts = append(parts, "Fingerprint "+plain(plugins.FingerprintShown(c.Fingerprint), maxName))
	}
	return strings.Join(parts, " · ")
}
