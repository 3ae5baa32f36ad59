package email

import (
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// noteSheet is a follow-up in a request's thread.
func noteSheet(n plugins.Note) sheet {
	c := n.Card
	s := sheet{
		subject: subject(c), heading: heading(c), tone: tone(c.State), link: openable(c.URL), linkText: linkText(c), small: small(c),
	}
	switch n.Kind {
	case plugins.NoteOutcome:
		s.standing, s.quotes = outcome(c), lastWord(c)
	case plugins.NoteAccessStarted:
		s.tone = toneGood
		s.standing = "✓ Your access to " + shown(roleNames(c.AccessRoles), maxRoles) + " has begun. It ends at " + inUTC(c.AccessExpires) + "."
	case plugins.NoteAccessEnding:
		s.tone = toneWaiting
		s.standing = "◔ Your access to " + shown(roleNames(c.AccessRoles), maxRoles) + " ends at " + inUTC(c.AccessExpires) +
			". Ask again if you need it for longer."
	case plugins.NoteReview:
		s.standing, s.quotes = standing(c), reviewed(n)
	}
	return s
}

// reviewed tells the other reviewers that somebody spoke.
func reviewed(n plugins.Note) []quote {
	if n.Review == nil {
		return nil
	}
	return []quote{said(reviewLine(*n.Review), n.Review.Reason, maxReason)}
}

// outcome tells the requester how it ended and what that means for them.
func outcome(c plugins.Card) string {
	line := stateSign(c.State) + " " + verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	return line + "." + window(c)
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
	asked := "Your request for " + shown(roleNames(c.Roles), maxRoles)
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
func lastWord(c plugins.Card) []quote {
	reason := ""
	if c.Resolution != nil && c.Resolution.Reason != "" {
		reason = c.Resolution.Reason
	} else if n := len(c.Reviews); n > 0 && c.State.Resolved() {
		reason = c.Reviews[n-1].Reason
	}
	if reason == "" {
		return nil
	}
	return []quote{said("Reason", reason, maxReason)}
}
