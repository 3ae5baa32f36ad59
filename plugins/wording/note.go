package wording

import (
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Note is what a note says: a sentence of ours, and the reason that somebody gave.
func (v Voice) Note(n plugins.Note) (sentence, reason string) {
	c := n.Card
	switch n.Kind {
	case plugins.NoteOutcome:
		return v.Outcome(c), lastWord(c)
	case plugins.NoteAccessStarted:
		return "✓ Your access to " + v.RoleNames(c.AccessRoles) + " has begun. It ends at " + UTC(c.AccessExpires) + ".", ""
	case plugins.NoteAccessEnding:
		return "◔ Your access to " + v.RoleNames(c.AccessRoles) + " ends at " + UTC(c.AccessExpires) +
			". Ask again if you need it for longer.", ""
	case plugins.NoteReview:
	}
	if n.Review == nil {
		return v.Standing(c), ""
	}
	return v.Review(*n.Review) + v.Progress(c), n.Review.Reason
}

// Outcome tells the requester how it ended and what that means for them.
func (v Voice) Outcome(c plugins.Card) string {
	line := StateSign(c.State) + " " + v.verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + v.Person(*c.Resolution.By)
	}
	return line + "." + window(c)
}

func (v Voice) verdictOn(c plugins.Card) string {
	asked := "Your request for " + v.RoleNames(c.Roles)
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
		return asked + " is now " + v.StateWord(c.State)
	}
}

// window says from when to when there is access, if there is.
func window(c plugins.Card) string {
	switch {
	case c.State != v1.StateApproved || c.AccessExpires.IsZero() || c.AccessEnded:
		return ""
	case !c.AccessStarts.IsZero():
		return " Your access begins at " + UTC(c.AccessStarts) + " and ends at " + UTC(c.AccessExpires) + "."
	default:
		return " You have access until " + UTC(c.AccessExpires) + "."
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
