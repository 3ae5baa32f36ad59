package slack

import (
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

func reviews(c plugins.Card) []block {
	newest, others := wording.Newest(c.Reviews, maxReviewsShown)
	var blocks []block
	if others != "" {
		blocks = append(blocks, section(plain(others)))
	}
	for _, review := range newest {
		blocks = append(blocks, section(plain(spoken(review))))
	}
	return blocks
}

// notes shows the newest notes.
func notes(c plugins.Card) []block {
	var blocks []block
	for _, note := range c.Notes[max(0, len(c.Notes)-maxNotesShown):] {
		blocks = append(blocks, section(plain(ruler.Cut("Note: "+wording.Visible(note), maxNote))))
	}
	return blocks
}

// spoken says who said what and why.
func spoken(review v1.Review) string {
	line := voice().ReviewAt(review)
	if reason := strings.TrimSpace(review.Reason); reason != "" {
		line += "\n" + quoted(reason, maxReviewReason)
	}
	return line
}
