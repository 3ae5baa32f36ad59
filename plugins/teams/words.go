package teams

import (
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

func heading(c plugins.Card) string {
	if title := oneLine(c.Title, maxHeading); title != "" {
		return title
	}
	return "A request for access"
}

func standing(c plugins.Card) string {
	if c.State == v1.StatePending {
		return cut(stateSign(c.State)+" "+stateWord(c.State)+progressTail(c), maxProgress)
	}
	return stateSign(c.State) + " " + stateWord(c.State)
}

func progressTail(c plugins.Card) string {
	if c.State != v1.StatePending || len(c.Progress) == 0 {
		return ""
	}
	parts := make([]string, 0, len(c.Progress))
	for _, progress := range c.Progress {
		progress.Name = oneLine(progress.Name, maxName)
		parts = append(parts, progress.String())
	}
	return " · " + strings.Join(parts, " · ")
}

// stateSign uses signs that are no emoji, so that they look the same everywhere.
func stateSign(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "◔"
	case v1.StateApproved, v1.StatePromoted:
		return "✓"
	case v1.StateDenied:
		return "✗"
	default:
		return "–"
	}
}

func stateWord(state v1.State) string {
	switch state {
	case v1.StatePending:
		return "Waiting for a decision"
	case v1.StateApproved:
		return "Approved"
	case v1.StatePromoted:
		return "Approved and promoted"
	case v1.StateDenied:
		return "Denied"
	case v1.StateExpired:
		return "Expired without a decision"
	case v1.StateWithdrawn:
		return "Withdrawn by the requester"
	default:
		return oneLine(string(state), maxName)
	}
}

func roleNames(roles []string) string {
	if text := oneLine(strings.Join(roles, ", "), maxRoles); text != "" {
		return text
	}
	return "none"
}

func person(p v1.PersonRef) string {
	name, shown := oneLine(p.Name, maxName), oneLine(p.Shown(), maxName)
	switch {
	case shown == "":
		return "somebody without a name"
	case name == "" || shown == name:
		return shown
	default:
		return shown + " (" + name + ")"
	}
}

func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func reviewSign(verdict v1.Verdict) string {
	if verdict == v1.Approve {
		return "✓"
	}
	return "✗"
}

func reviewVerb(review v1.Review) string {
	verb := "denied"
	if review.Verdict == v1.Approve {
		verb = "approved"
	}
	if len(review.Roles) > 0 {
		verb += " " + oneLine(strings.Join(review.Roles, ", "), maxName)
	}
	if review.Override {
		verb += " as an administrator, overriding the rules"
	}
	return verb
}
