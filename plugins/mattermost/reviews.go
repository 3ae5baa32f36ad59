package mattermost

import (
	"fmt"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

func reviews(c plugins.Card) []string {
	shown := c.Reviews
	var lines []string
	if hidden := len(shown) - maxReviewsShown; hidden > 0 {
		shown = shown[hidden:]
		lines = append(lines, fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden))
	}
	for _, review := range shown {
		lines = append(lines, spoken(review))
	}
	return lines
}

// spoken says who said what and why.
func spoken(review v1.Review) string {
	line := reviewSign(review.Verdict) + " " + person(review.Author) + " " + reviewVerb(review)
	if !review.Created.IsZero() {
		line += ", " + inUTC(review.Created)
	}
	return line + because(review.Reason, maxReviewReason)
}

func because(reason string, limit int) string {
	if strings.TrimSpace(reason) == "" {
		return ""
	}
	return "\n" + quoted(reason, limit)
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
		verb += " " + code(strings.Join(review.Roles, ", "), maxName)
	}
	if review.Override {
		verb += " as an administrator, overriding the rules"
	}
	return verb
}

// resolution says who ended it and why, unless the last review above it says so already.
func resolution(c plugins.Card) []string {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return nil
	}
	line := stateSign(end.State) + " " + stateWord(end.State)
	if end.By != nil {
		line += " by " + person(*end.By)
	}
	if end.Override {
		line += ", overriding the rules"
	}
	if !end.At.IsZero() {
		line += ", " + inUTC(end.At)
	}
	return []string{line + because(end.Reason, maxReviewReason)}
}

// notes shows the newest notes.
func notes(c plugins.Card) []string {
	var lines []string
	for _, note := range c.Notes[max(0, len(c.Notes)-maxNotesShown):] {
		lines = append(lines, "Note\n"+quoted(note, maxNote))
	}
	return lines
}
