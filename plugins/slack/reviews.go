package slack

import (
	"fmt"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

func reviews(c plugins.Card) []block {
	shown := c.Reviews
	var blocks []block
	if hidden := len(shown) - maxReviewsShown; hidden > 0 {
		shown = shown[hidden:]
		blocks = append(blocks, section(plain(fmt.Sprintf("%d earlier reviews are shown in Accede only.", hidden))))
	}
	for _, review := range shown {
		blocks = append(blocks, section(plain(spoken(review))))
	}
	return blocks
}

// notes shows the newest notes.
func notes(c plugins.Card) []block {
	var blocks []block
	for _, note := range c.Notes[max(0, len(c.Notes)-maxNotesShown):] {
		blocks = append(blocks, section(plain(cut("Note: "+visible(note), maxNote))))
	}
	return blocks
}

// spoken says who said what and why.
func spoken(review v1.Review) string {
	line := reviewSign(review.Verdict) + " " + person(review.Author) + " " + reviewVerb(review)
	if !review.Created.IsZero() {
		line += ", " + inUTC(review.Created)
	}
	if reason := strings.TrimSpace(review.Reason); reason != "" {
		line += "\n" + quoted(reason, maxReviewReason)
	}
	return line
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
