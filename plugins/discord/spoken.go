package discord

import (
	"fmt"
	"strings"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// reviews shows the last ones, each in a field of its own.
func reviews(c plugins.Card) []*discordgo.MessageEmbedField {
	shown := c.Reviews
	var fields []*discordgo.MessageEmbedField
	if hidden := len(shown) - maxReviewsShown; hidden > 0 {
		shown = shown[hidden:]
		fields = append(fields, field("Earlier reviews", fmt.Sprintf("%d more are shown in Accede only.", hidden), false))
	}
	for _, review := range shown {
		fields = append(fields, field("Review", spoken(review), false))
	}
	return fields
}

// spoken says who said what and why.
func spoken(review v1.Review) string {
	line := reviewSign(review.Verdict) + " " + person(review.Author) + " " + reviewVerb(review)
	if !review.Created.IsZero() {
		line += ", " + inUTC(review.Created)
	}
	return withReason(line, review.Reason, maxReviewReason)
}

func withReason(line, reason string, limit int) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return line
	}
	return line + "\n" + quoted(reason, limit)
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
		verb += " " + oneLine(strings.Join(review.Roles, ", "), maxReviewRoles)
	}
	if review.Override {
		verb += " as an administrator, overriding the rules"
	}
	return verb
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

// resolution says who ended it and why, unless the last review says so already.
func resolution(c plugins.Card) string {
	end := c.Resolution
	if end == nil || end.ReviewID != "" && len(c.Reviews) > 0 {
		return ""
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
	return withReason(line, end.Reason, maxReviewReason)
}
