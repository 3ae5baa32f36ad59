package jira

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// note draws the comment that belongs to a card.
func note(n plugins.Note) document {
	switch n.Kind {
	case plugins.NoteOutcome:
		return outcome(n.Card)
	case plugins.NoteAccessStarted:
		return document{line(say("✓ The access to " + voice().RoleNames(n.Card.AccessRoles) + " has begun. It ends at " +
			wording.UTC(n.Card.AccessExpires) + "."))}
	case plugins.NoteAccessEnding:
		return document{line(say("◔ The access to " + voice().RoleNames(n.Card.AccessRoles) + " ends at " + wording.UTC(n.Card.AccessExpires) + "."))}
	case plugins.NoteReview:
	}
	return reviewed(n)
}

// reviewed says who spoke and how far the request is. A card that was moved by it goes back until enough people spoke.
func reviewed(n plugins.Note) document {
	if n.Review == nil {
		return document{line(say(voice().Standing(n.Card)))}
	}
	text := voice().ReviewAt(*n.Review) + "."
	if n.Card.State == v1.StatePending {
		text += " Recorded" + strings.Replace(voice().Progress(n.Card), " · ", ": ", 1) + "."
		if n.Review.Via == Name {
			text += " The issue stays where requests wait until enough people have decided."
		}
	}
	return said(text, n.Review.Reason, maxReason)
}

func outcome(c plugins.Card) document {
	text := wording.StateSign(c.State) + " The request for " + voice().RoleNames(c.Roles) + ": " + voice().StateWord(c.State)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		text += " by " + voice().Person(*c.Resolution.By)
	}
	text += "."
	if c.State == v1.StateApproved && !c.AccessExpires.IsZero() && !c.AccessEnded {
		text += " Access lasts until " + wording.UTC(c.AccessExpires) + "."
	}
	reason := ""
	if c.Resolution != nil {
		reason = c.Resolution.Reason
	}
	return said(text, reason, maxReason)
}
