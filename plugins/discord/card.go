package discord

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
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
	maxReviewRoles  = 80
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
	return message{content: "**" + heading(c) + "**\n" + standing(c), card: card, buttons: buttons}, nil
}

func heading(c plugins.Card) string {
	if title := oneLine(c.Title, maxHeading); title != "" {
		return title
	}
	return "A request for access"
}

func standing(c plugins.Card) string {
	return stateSign(c.State) + " " + stateWord(c.State) + progressTail(c)
}

func progressTail(c plugins.Card) string {
	if c.State != v1.StatePending || len(c.Progress) == 0 {
		return ""
	}
	parts := make([]string, 0, len(c.Progress))
	for _, progress := range c.Progress {
		progress.Name = oneLine(progress.Name, maxName)
		parts = append(parts, progress.String())
	}
	return " · " + listed(parts, " · ", maxProgress)
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

func stateSign(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "◔"
	case v1.StateApproved, v1.StatePromoted:
		return "✓"
	case v1.StateDenied:
		return "✗"
	default:
		return "–"
	}
}

func stateWord(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "Waiting for a decision"
	case v1.StateApproved:
		return "Approved"
	case v1.StatePromoted:
		return "Approved and promoted"
	case v1.StateDenied:
		return "Denied"
	case v1.StateExpired:
		return "Expired without a decision"
	case v1.StateWithdrawn:
		return "Withdrawn by the requester"
	default:
		return oneLine(string(state), maxName)
	}
}

// facts are what is asked, by whom and for how long. Names are ours, values are escaped.
func facts(c plugins.Card) []*discordgo.MessageEmbedField {
	fields := []*discordgo.MessageEmbedField{
		field("Requester", person(c.Requester), true),
		field("Roles", roleNames(c.Roles), true),
	}
	if c.Duration > 0 {
		fields = append(fields, field("Access for", v1.Duration(c.Duration).String(), true))
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		fields = append(fields, field("Decide before", moment(c.Expires), true))
	}
	if !c.AccessStarts.IsZero() {
		fields = append(fields, field("Access from", moment(c.AccessStarts), true))
	}
	if !c.AccessExpires.IsZero() {
		label := "Access until"
		if c.AccessEnded {
			label = "Access has ended; was until"
		}
		fields = append(fields, field(label, moment(c.AccessExpires), true))
	}
	return fields
}

func roleNames(roles []string) string {
	if text := oneLine(strings.Join(roles, ", "), maxRoles); text != "" {
		return text
	}
	return "none"
}

func person(p v1.PersonRef) string {
	name, shown := oneLine(p.Name, maxName), oneLine(p.Shown(), maxName)
	switch {
	case shown == "":
		return "somebody without a name"
	case name == "" || shown == name:
		return shown
	default:
		return shown + " (" + name + ")"
	}
}

// moment writes a time in UTC and, through Discord, in the reader's own zone.
func moment(t time.Time) string { return fmt.Sprintf("%s\n<t:%d:f> your time", inUTC(t), t.Unix()) }

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

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
		return stateWord(c.State)
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
