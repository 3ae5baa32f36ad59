package teams

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card.
func note(n plugins.Note) outgoing {
	switch n.Kind {
	case plugins.NoteOutcome:
		return outcome(n.Card)
	case plugins.NoteAccessStarted:
		return accessStarted(n.Card)
	case plugins.NoteAccessEnding:
		return accessEnding(n.Card)
	case plugins.NoteReview:
	}
	return reviewed(n)
}

// reviewed tells the card's thread that somebody spoke.
func reviewed(n plugins.Note) outgoing {
	if n.Review == nil {
		return said(standing(n.Card), "", "")
	}
	line := reviewSign(n.Review.Verdict) + " " + person(n.Review.Author) + " " + reviewVerb(*n.Review)
	return said(line+progressTail(n.Card), n.Review.Reason, "")
}

// outcome tells the requester how it ended and what that means for them.
func outcome(c plugins.Card) outgoing {
	line := stateSign(c.State) + " " + verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	line += "."
	return said(line+window(c), lastWord(c), c.URL)
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
func accessStarted(c plugins.Card) outgoing {
	return said("✓ Your access to "+roleNames(c.AccessRoles)+" has begun. It ends at "+inUTC(c.AccessExpires)+".", "", c.URL)
}

// accessEnding tells the requester to finish, or to ask again.
func accessEnding(c plugins.Card) outgoing {
	return said("◔ Your access to "+roleNames(c.AccessRoles)+" ends at "+inUTC(c.AccessExpires)+
		". Ask again if you need it for longer.", "", c.URL)
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
func said(line, reason, address string) outgoing {
	if line = cut(strings.TrimSpace(visible(line)), maxLine); line == "" {
		line = "Accede says nothing more about it."
	}
	body := lines(strings.Split(line, "\n"), plain)
	if strings.TrimSpace(reason) != "" {
		body = append(body, box("emphasis", lines(quoted(reason, maxReason, maxReasonLines), plain)...))
	}
	return message(oneLine(line, maxSummary), newCard(body, links(address)))
}
