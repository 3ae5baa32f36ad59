package slack

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card.
func note(n plugins.Note) message {
	if n.Kind == plugins.NoteOutcome {
		return outcome(n.Card)
	}
	return reviewed(n)
}

// reviewed tells the card's thread that somebody spoke.
func reviewed(n plugins.Note) message {
	if n.Review == nil {
		return message{text: headline(n.Card), blocks: []block{section(plain(standing(n.Card)))}}
	}
	line := reviewSign(n.Review.Verdict) + " " + person(n.Review.Author) + " " + reviewVerb(*n.Review)
	return said(line+progressTail(n.Card), n.Review.Reason, "")
}

// outcome tells the requester how it ended and what that means for them.
func outcome(c plugins.Card) message {
	line := stateSign(c.State) + " " + verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	line += "."
	if c.State == v1.StateApproved && !c.AccessExpires.IsZero() && !c.AccessEnded {
		line += " You have access until " + inUTC(c.AccessExpires) + "."
	}
	return said(line, lastWord(c), c.URL)
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

// said is a message of one sentence of ours, somebody's words behind it, and a link.
func said(line, reason, address string) message {
	if line = cut(strings.TrimSpace(line), maxSection); line == "" {
		line = "Accede says nothing more about it."
	}
	blocks := []block{section(plain(line))}
	if strings.TrimSpace(reason) != "" {
		blocks = append(blocks, section(plain(quoted(reason, maxReason))))
	}
	if address != "" {
		blocks = append(blocks, footer(openLink(address)))
	}
	return message{text: escape(cut(line, maxNotifications)), blocks: blocks}
}
