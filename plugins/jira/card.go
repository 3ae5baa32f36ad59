package jira

import (
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// Jira's limits, in characters: a summary holds 255, a description or comment 32,767
// (https://support.atlassian.com/jira-cloud-administration/docs/issue-field-character-limits/). Ours are sized so that an
// issue in which everything is full, and escaped, stays below.
const (
	maxSummary      = 255
	maxName         = 120
	maxRoles        = 1200
	maxProgress     = 900
	maxReason       = 2800
	maxReviewReason = 300
	maxReviewsShown = 6
	maxNotes        = 5
	maxNote         = 400
	maxAddress      = 500
	// maxLines bounds the lines of one quotation.
	maxLines = 60
)

// statusNames are what people call the statuses in which they decide; empty where they are not known.
type statusNames struct{ approved, denied string }

func summary(c plugins.Card) string {
	if title := oneLine(c.Title, maxSummary); title != "" {
		return title
	}
	return "A request for access"
}

// describe draws a request's card.
func describe(c plugins.Card, names statusNames) document {
	d := document{line(strong(standing(c)))}
	d = append(d, facts(c)...)
	if strings.TrimSpace(c.Reason) != "" {
		d = append(d, line(strong("Reason")), quote(c.Reason, maxReason))
	}
	d = append(d, reviews(c)...)
	d = append(d, resolution(c)...)
	d = append(d, notes(c)...)
	if c.State == v1.StatePending && len(c.Actions) > 0 {
		d = append(d, line(say(howTo(names))))
	}
	return append(d, signature(c))
}

// notes are what people should know besides.
func notes(c plugins.Card) []paragraph {
	var found []paragraph
	for _, text := range c.Notes[max(0, len(c.Notes)-maxNotes):] {
		found = append(found, line(say("Note: "+oneLine(text, maxNote))))
	}
	return found
}

func howTo(names statusNames) string {
	if names.approved == "" || names.denied == "" {
		return "To decide, move this issue to the status for approved or denied. To give a reason, comment before you move it."
	}
	return "To decide, move this issue to “" + names.approved + "” or “" + names.denied +
		"”. To give a reason, comment before you move it."
}

func signature(c plugins.Card) paragraph {
	var parts []words
	if c.URL != "" {
		parts = append(parts, link("Open in Accede", c.URL))
	}
	if c.Fingerprint != "" {
		if len(parts) > 0 {
			parts = append(parts, say(" · "))
		}
		parts = append(parts, say("fingerprint "+plugins.FingerprintShown(oneLine(c.Fingerprint, maxName))))
	}
	if len(parts) == 0 {
		parts = append(parts, say("From Accede"))
	}
	return line(parts...)
}

func standing(c plugins.Card) string {
	return cut(stateSign(c.State)+" "+stateWord(c.State)+progressTail(c), maxProgress)
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

func facts(c plugins.Card) []paragraph {
	found := []paragraph{fact("Requester", person(c.Requester)), fact("Roles", roleNames(c.Roles))}
	if c.Duration > 0 {
		found = append(found, fact("Access for", v1.Duration(c.Duration).String()))
	}
	if c.State == v1.StatePending && !c.Expires.IsZero() {
		found = append(found, fact("Decide before", inUTC(c.Expires)))
	}
	if !c.AccessStarts.IsZero() {
		found = append(found, fact("Access from", inUTC(c.AccessStarts)))
	}
	if !c.AccessExpires.IsZero() {
		label := "Access until"
		if c.AccessEnded {
			label = "Access has ended; was until"
		}
		found = append(found, fact(label, inUTC(c.AccessExpires)))
	}
	return found
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

func reviews(c plugins.Card) []paragraph {
	shown := c.Reviews
	var found []paragraph
	if hidden := len(shown) - maxReviewsShown; hidden > 0 {
		shown = shown[hidden:]
		found = append(found, line(say(fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden))))
	}
	for _, review := range shown {
		found = append(found, line(say(spoken(review))))
		if strings.TrimSpace(review.Reason) != "" {
			found = append(found, quote(review.Reason, maxReviewReason))
		}
	}
	return found
}

// spoken says who said what and when.
func spoken(review v1.Review) string {
	text := reviewSign(review.Verdict) + " " + person(review.Author) + " " + reviewVerb(review)
	if !review.Created.IsZero() {
		text += ", " + inUTC(review.Created)
	}
	return text
}

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

// resolution says who ended it and why, unless the last review above it says so already.
func resolution(c plugins.Card) []paragraph {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return nil
	}
	text := stateSign(end.State) + " " + stateWord(end.State)
	if end.By != nil {
		text += " by " + person(*end.By)
	}
	if end.Override {
		text += ", overriding the rules"
	}
	if !end.At.IsZero() {
		text += ", " + inUTC(end.At)
	}
	found := []paragraph{line(say(text))}
	if strings.TrimSpace(end.Reason) != "" {
		found = append(found, quote(end.Reason, maxReviewReason))
	}
	return found
}
