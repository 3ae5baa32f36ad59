package discord

import (
	"strings"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// maxSpoken is how much of somebody's words stands in a message without a card; with the sentence before it, it stays below
// the 2,000 characters of a message.
const maxSpoken = 900

// note draws the short message that belongs to a card. Below it stand what it is about, which carries the mark, and the way
// to the core.
func note(n plugins.Note, mark string) message {
	text, label := wording(n)
	buttons := []discordgo.MessageComponent{status(label, mark)}
	return message{content: text, buttons: append(buttons, openLink(n.Card.URL)...)}
}

func wording(n plugins.Note) (text, label string) {
	switch n.Kind {
	case plugins.NoteOutcome:
		return outcome(n.Card), plain(shortState(n.Card), maxLabel)
	case plugins.NoteAccessStarted:
		return accessStarted(n.Card), "Access has begun"
	case plugins.NoteAccessEnding:
		return accessEnding(n.Card), "Access ends soon"
	case plugins.NoteReview:
	}
	return reviewed(n), reviewLabel(n)
}

// reviewed tells the card's readers that somebody spoke.
func reviewed(n plugins.Note) string {
	if n.Review == nil {
		return standing(n.Card)
	}
	line := reviewSign(n.Review.Verdict) + " " + person(n.Review.Author) + " " + reviewVerb(*n.Review)
	return withReason(line+progressTail(n.Card), n.Review.Reason, maxSpoken)
}

func reviewLabel(n plugins.Note) string {
	if n.Card.State != v1.StatePending {
		return plain(shortState(n.Card), maxLabel)
	}
	if len(n.Card.Progress) == 1 {
		return plain(n.Card.Progress[0].String(), maxLabel)
	}
	return "Waiting"
}

// outcome tells the requester how it ended and what that means for them.
func outcome(c plugins.Card) string {
	line := stateSign(c.State) + " " + verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	return withReason(line+"."+window(c), lastWord(c), maxSpoken)
}

// window says from when to when there is access, if there is.
func window(c plugins.Card) string {
	switch {
	case c.State != v1.StateApproved || c.AccessExpires.IsZero() || c.AccessEnded:
		return ""
	case !c.AccessStarts.IsZero():
		return " Your access begins at " + inUTC(c.AccessStarts) + " and ends at " + inUTC(c.AccessExpires) + "."
	default:
		return " You have access until " + inUTC(c.AccessExpires) + "."
	}
}

// accessStarted tells the requester that they can begin.
func accessStarted(c plugins.Card) string {
	return "✓ Your access to " + roleNames(c.AccessRoles) + " has begun. It ends at " + inUTC(c.AccessExpires) + "."
}

// accessEnding tells the requester to finish, or to ask again.
func accessEnding(c plugins.Card) string {
	return "◔ Your access to " + roleNames(c.AccessRoles) + " ends at " + inUTC(c.AccessExpires) +
		". Ask again if you need it for longer."
}

func verdictOn(c plugins.Card) string {
	asked := "Your request for " + roleNames(c.Roles)
	switch c.State {
	case v1.StatePending:
		return asked + " is waiting for a decision"
	case v1.StateApproved, v1.StatePromoted:
		return asked + " was approved"
	case v1.StateDenied:
		return asked + " was denied"
	case v1.StateExpired:
		return asked + " expired before enough people approved it; ask again if you still need it"
	case v1.StateWithdrawn:
		return asked + " was withdrawn"
	default:
		return asked + " is now " + stateWord(c.State)
	}
}

// lastWord is the reason that came with the end.
func lastWord(c plugins.Card) string {
	if c.Resolution != nil && c.Resolution.Reason != "" {
		return c.Resolution.Reason
	}
	if n := len(c.Reviews); n > 0 && c.State.Resolved() {
		return c.Reviews[n-1].Reason
	}
	return ""
}

// said is a private message of one sentence of ours. Addresses in it stay alive on purpose.
func said(sentence string) message {
	sentence = strings.TrimSpace(sentence)
	if sentence == "" {
		sentence = "Accede says nothing more about it."
	}
	return message{content: sentence}
}
