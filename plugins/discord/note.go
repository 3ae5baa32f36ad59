package discord

import (
	"strings"

	"github.com/bwmarrin/discordgo"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
)

// maxSpoken is how much of somebody's words stands in a message without a card; with the sentence before it, it stays below
// the 2,000 characters of a message.
const maxSpoken = 900

// note draws the short message that belongs to a card. Below it stand what it is about, which carries the mark, and the way
// to the core.
func note(n plugins.Note, mark string) message {
	sentence, reason := voice().Note(n)
	buttons := []discordgo.MessageComponent{status(label(n), mark)}
	return message{content: withReason(sentence, reason, maxSpoken), buttons: append(buttons, openLink(n.Card.URL)...)}
}

// label names what a note is about.
func label(n plugins.Note) string {
	switch n.Kind {
	case plugins.NoteOutcome:
		return plain(shortState(n.Card), maxLabel)
	case plugins.NoteAccessStarted:
		return "Access has begun"
	case plugins.NoteAccessEnding:
		return "Access ends soon"
	case plugins.NoteReview:
	}
	return reviewLabel(n)
}

func reviewLabel(n plugins.Note) string {
	if n.Card.State != v1.StatePending {
		return plain(shortState(n.Card), maxLabel)
	}
	if len(n.Card.Progress) == 1 {
		return plain(n.Card.Progress[0].String(), maxLabel)
	}
	return "Waiting"
}

// said is a private message of one sentence of ours. Addresses in it stay alive on purpose.
func said(sentence string) message {
	sentence = strings.TrimSpace(sentence)
	if sentence == "" {
		sentence = "Accede says nothing more about it."
	}
	return message{content: sentence}
}
