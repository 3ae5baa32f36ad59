package mattermost

import (
	"strings"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

func reviews(c plugins.Card) []string {
	newest, others := wording.Newest(c.Reviews, maxReviewsShown)
	var lines []string
	if others != "" {
		lines = append(lines, others)
	}
	for _, review := range newest {
		lines = append(lines, voice().ReviewAt(review)+because(review.Reason, maxReviewReason))
	}
	return lines
}

func because(reason string, limit int) string {
	if strings.TrimSpace(reason) == "" {
		return ""
	}
	return "\n" + quoted(reason, limit)
}

func resolution(c plugins.Card) []string {
	line, reason := voice().Resolution(c)
	if line == "" {
		return nil
	}
	return []string{line + because(reason, maxReviewReason)}
}

// notes shows the newest notes.
func notes(c plugins.Card) []string {
	var lines []string
	for _, note := range c.Notes[max(0, len(c.Notes)-maxNotesShown):] {
		lines = append(lines, "Note\n"+quoted(note, maxNote))
	}
	return lines
}
