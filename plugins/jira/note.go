package jira

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// note draws the comment that belongs to a card.
func note(n plugins.Note) document {
	switch n.Kind {
	case plugins.NoteOutcome:
		return outcome(n.Card)
	case plugins.NoteAccessStarted:
		return document{line(say("✓ The access to " + roleNames(n.Card.AccessRoles) + " has begun. It ends at " +
			inUTC(n.Card.AccessExpires) + "."))}
	case plugins.NoteAccessEnding:
		return document{line(say("◔ The access to " + roleNames(n.Card.AccessRoles) + " ends at " + inUTC(n.Card.AccessExpires) + "."))}
	case plugins.NoteReview:
	}
	return reviewed(n)
}

// reviewed says who spoke and how far the request is. A card that was moved by it goes back until enough people spoke.
func reviewed(n plugins.Note) document {
	if n.Review == nil {
		return document{line(say(standing(n.Card)))}
	}
	text := spoken(*n.Review) + "."
	if n.Card.State == v1.StatePending {
		text += " Recorded" + strings.Replace(progressTail(n.Card), " · ", ": ", 1) + "."
		if n.Review.Via == Name {
			text += " The issue stays where requests wait until enough people have decided."
		}
	}
	return withReason(document{line(say(text))}, n.Review.Reason)
}

func outcome(c plugins.Card) document {
	text := stateSign(c.State) + " The request for " + roleNames(c.Roles) + ": " + stateWord(c.State)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		text += " by " + person(*c.Resolution.By)
	}
	text += "."
	if c.State == v1.StateApproved && !c.AccessExpires.IsZero() && !c.AccessEnded {
		text += " Access lasts until " + inUTC(c.AccessExpires) + "."
	}
	reason := ""
	if c.Resolution != nil {
		reason = c.Resolution.Reason
	}
	return withReason(document{line(say(text))}, reason)
}

func withReason(d document, reason string) document {
	if strings.TrimSpace(reason) == "" {
		return d
	}
	return append(d, quote(reason, maxReason))
}
