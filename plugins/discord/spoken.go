package discord

import (
	"fmt"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/wording"
)

// reviews shows the last ones, each in a field of its own.
func reviews(c plugins.Card) []*discordgo.MessageEmbedField {
	newest, _ := wording.Newest(c.Reviews, maxReviewsShown)
	var fields []*discordgo.MessageEmbedField
	if hidden := len(c.Reviews) - len(newest); hidden > 0 {
		fields = append(fields, field("Earlier reviews", fmt.Sprintf("%d more are shown in Accede only.", hidden), false))
	}
	for _, review := range newest {
		fields = append(fields, field("Review", withReason(voice().ReviewAt(review), review.Reason, maxReviewReason), false))
	}
	return fields
}

// resolution says who ended it and why, unless the last review says so already.
func resolution(c plugins.Card) string {
	line, reason := voice().Resolution(c)
	return withReason(line, reason, maxReviewReason)
}

func withReason(line, reason string, limit int) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return line
	}
	return line + "\n" + quoted(reason, limit)
}

// notes are sentences of Accede's that may hold people's words; the last ones are shown.
func notes(c plugins.Card) []*discordgo.MessageEmbedField {
	shown := c.Notes
	var fields []*discordgo.MessageEmbedField
	if hidden := len(shown) - maxNotesShown; hidden > 0 {
		shown = shown[hidden:]
		fields = append(fields, field("Earlier notes", fmt.Sprintf("%d more are shown in Accede only.", hidden), false))
	}
	for _, note := range shown {
		fields = append(fields, field("Note", quoted(note, maxNote), false))
	}
	return fields
}
