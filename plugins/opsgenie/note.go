package opsgenie

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card, without its marker.
func note(n plugins.Note) string {
	switch n.Kind {
	case plugins.NoteOutcome:
		return cut(ending(n.Card), maxNoteText, cutMark)
	case plugins.NoteAccessStarted:
		return "Access to " + roleNames(n.Card.AccessRoles) + " has begun. It ends at " + inUTC(n.Card.AccessExpires) + "."
	case plugins.NoteAccessEnding:
		return "Access to " + roleNames(n.Card.AccessRoles) + " ends at " + inUTC(n.Card.AccessExpires) + "."
	case plugins.NoteReview:
	}
	if n.Review == nil {
		return "Accede: " + standing(n.Card) + "."
	}
	text := spoken(*n.Review)
	if n.Card.State == v1.StatePending && len(n.Card.Progress) > 0 {
		text += "\nNow: " + standing(n.Card) + "."
	}
	return text
}

// spoken says who said what and why.
func spoken(review v1.Review) string {
	line := person(review.Author) + " " + verb(review)
	if !review.Created.IsZero() {
		line += ", " + inUTC(review.Created)
	}
	if strings.TrimSpace(review.Reason) != "" {
		line += "\n" + quoted(review.Reason, maxWords)
	}
	return line
}

func verb(review v1.Review) string {
	word := "denied"
	if review.Verdict == v1.Approve {
		word = "approved"
	}
	if len(review.Roles) > 0 {
		word += " " + oneLine(strings.Join(review.Roles, ", "), maxName)
	}
	if review.Override {
		word += " as an administrator, overriding the rules"
	}
	return word
}

// ending says how the request ended, by whom and why.
func ending(c plugins.Card) string {
	line := "Accede: the request is " + stateWord(c.State)
	end := c.Resolution
	if end == nil {
		return line + "."
	}
	if end.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if c.AccessEnded {
		line += "; the access has ended"
	}
	if line += "."; strings.TrimSpace(end.Reason) != "" {
		line += "\n" + quoted(end.Reason, maxWords)
	}
	return line
}
