package servicenow

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// maxNoteReason leaves a work note well below what a journal takes.
const maxNoteReason = 3000

// noteText is what a note says.
func noteText(n plugins.Note) string {
	switch n.Kind {
	case plugins.NoteOutcome:
		return outcomeText(n.Card)
	case plugins.NoteAccessStarted:
		return "Your access to " + roleNames(n.Card.AccessRoles) + " has begun. It ends at " + inUTC(n.Card.AccessExpires) + "."
	case plugins.NoteAccessEnding:
		return "Your access to " + roleNames(n.Card.AccessRoles) + " ends at " + inUTC(n.Card.AccessExpires) +
			". Ask again if you need it for longer."
	case plugins.NoteReview:
	}
	if n.Review == nil {
		return stateWord(n.Card.State) + progressTail(n.Card)
	}
	said := *n.Review
	reason := said.Reason
	said.Reason = ""
	line := spoken(said, 0) + progressTail(n.Card)
	if reason = strings.TrimSpace(reason); reason != "" {
		line += "\n" + quoted(reason, maxNoteReason)
	}
	return line
}

// outcomeText tells the requester how it ended and what that means for them.
func outcomeText(c plugins.Card) string {
	line := verdictOn(c)
	if c.Resolution != nil && c.Resolution.By != nil && c.State != v1.StateWithdrawn {
		line += " by " + person(*c.Resolution.By)
	}
	line += "." + window(c)
	if reason := strings.TrimSpace(lastWord(c)); reason != "" {
		line += "\n" + quoted(reason, maxNoteReason)
	}
	return line
}

func verdictOn(c plugins.Card) string {
	asked := "Your request for " + roleNames(c.Roles)
	switch outcomeOf(c.State) {
	case outcomeApproved:
		return asked + " was approved"
	case outcomeDenied:
		return asked + " was denied"
	case outcomeExpired:
		return asked + " expired before enough people approved it; ask again if you still need it"
	case outcomeWithdrawn:
		return asked + " was withdrawn"
	default:
		return asked + " is waiting for a decision"
	}
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

// signed puts a key at the end of a journal entry, where it can be found again.
func signed(text, key string) string { return text + "\n" + seal(key) }

func seal(key string) string { return "[accede:" + key + "]" }
