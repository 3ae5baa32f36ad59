package mattermost

import (
	"strings"

	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card.
func note(n plugins.Note, key string) message {
	return message{text: noteText(n), props: props{Key: key}}
}

// noteText is what a note says. What a reviewer said stands below the card; the requester gets a link.
func noteText(n plugins.Note) string {
	sentence, reason := voice().Note(n)
	if n.Kind == plugins.NoteReview {
		return said(sentence, reason, "")
	}
	return said(sentence, reason, n.Card.URL)
}

// said is a sentence of ours, somebody's words behind it, and a link.
func said(line, reason, address string) string {
	text := strings.TrimSpace(line) + because(reason, maxReason)
	if address != "" {
		text += "\n\n" + openLink(address)
	}
	return text
}
