package mattermost

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card.
func note(n plugins.Note, key string) message {
	return message{text: noteText(n), props: props{Key: key}}
}

func noteText(n plugins.Note) string {
	switch n.Kind {
	case plugins.NoteOutcome:
		return outcome(n.Card)
	case plugins.NoteAccessStarted:
		return said("✓ Your access to "+granted(n.Card)+" has begun. It ends at "+inUTC(n.Card.AccessExpires)+".", "", n.Card.URL)
	case plugins.NoteAccessEnding:
		return said("◔ Your access to "+granted(n.Card)+" ends at "+inUTC(n.Card.AccessExpires)+
			". Ask again if you need it for longer.", "", n.Card.URL)
	case plugins.NoteReview:
	}
	return reviewed(n)
}

func granted(c plugins.Card) string { return code(orNone(c.AccessRoles), maxHeading) }

// reviewed tells the card's thread that somebody spoke.
func reviewed(n plugins.Note) string {
	if n.Review == nil {
		return standing(n.Card)
	}
	line := reviewSign(n.Review.Verdict) + " " + person(n.Review.Author) + " " + reviewVerb(*n.Review)
	return said(line+progressTail(n.Card), n.Review.Reason, "")
}

// outcome tells the requester how it ended and what that means for them.
func outcome(c plugins.Card) string {
	line := stateSign(c.State) + " " + verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	return said(line+"."+window(c), lastWord(c), c.URL)
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

func verdictOn(c plugins.Card) string {
	asked := "Your request for " + code(orNone(c.Roles), maxHeading)
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

// said is a sentence of ours, somebody's words behind it, and a link.
func said(line, reason, address string) string {
	text := strings.TrimSpace(line) + because(reason, maxReason)
	if address != "" {
		text += "\n\n" + openLink(address)
	}
	return text
}
