package teams

import (
	"strings"

	"github.com/accede/accede/plugins"
)

// note draws the short message that belongs to a card. What a reviewer said stands below the card; the requester gets a link.
func note(n plugins.Note) outgoing {
	sentence, reason := voice().Note(n)
	if n.Kind == plugins.NoteReview {
		return said(sentence, reason, "")
	}
	return said(sentence, reason, n.Card.URL)
}

// said is a message of one sentence of ours, somebody's words behind it, and a link.
func said(line, reason, address string) outgoing {
	if line = ruler.Cut(strings.TrimSpace(tame(line)), maxLine); line == "" {
		line = "Accede says nothing more about it."
	}
	body := lines(strings.Split(line, "\n"), plain)
	if strings.TrimSpace(reason) != "" {
		body = append(body, box("emphasis", lines(quoted(reason, maxReason, maxReasonLines), plain)...))
	}
	return message(oneLine(line, maxSummary), newCard(body, links(address)))
}
