package slack

import (
	"strings"

	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card. What a reviewer said stands below the card; the requester gets a link.
func note(n plugins.Note) message {
	sentence, reason := voice().Note(n)
	address := n.Card.URL
	if n.Kind == plugins.NoteReview {
		address = ""
	}
	return said(sentence, reason, address)
}

// said is a message of one sentence of ours, somebody's words behind it, and a link.
func said(line, reason, address string) message {
	if line = ruler.Cut(strings.TrimSpace(line), maxSection); line == "" {
		line = "Accede says nothing more about it."
	}
	blocks := []block{section(plain(line))}
	if strings.TrimSpace(reason) != "" {
		blocks = append(blocks, section(plain(quoted(reason, maxReason))))
	}
	if address != "" {
		blocks = append(blocks, footer(openLink(address)))
	}
	return message{text: escape(ruler.Cut(line, maxNotifications)), blocks: blocks}
}
