package teamssim

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxShown bounds how many messages the page draws; the inspection API has them all.
const maxShown = 60

type shownMessage struct {
	ID, Who, Time, Text     string
	Alert, OnlyYou, Updates bool
	Card                    *adaptiveCard
	Actions                 []shownAction
	Hidden                  []hiddenField
	Replies                 []shownMessage
}

type shownAction struct {
	Title, Verb, Class, Link string
	Inside                   *adaptiveCard
	Buttons                  []shownAction
}

// shownMessages draws the newest messages as the visitor sees them, newest first: the page shows them from the bottom up.
func shownMessages(v visit) []shownMessage {
	var out []shownMessage
	for _, m := range slices.Backward(v.room.messages) {
		if m.root != nil || m.deleted || !v.room.visible(m, v.who) {
			continue
		}
		shown := showMessage(v, m)
		for _, reply := range v.room.messages {
			if reply.root == m && !reply.deleted && v.room.visible(reply, v.who) {
				shown.Replies = append(shown.Replies, showMessage(v, reply))
			}
		}
		if out = append(out, shown); len(out) == maxShown {
			break
		}
	}
	return out
}

func showMessage(v visit, m *message) shownMessage {
	card := m.cardFor(v.who)
	return shownMessage{
		ID: m.id, Who: "Accede", Time: m.created.UTC().Format("15:04:05"), Text: m.text, Alert: m.alert,
		OnlyYou: m.onlyFor != nil || m.views[v.who] != nil, Updates: m.updates > 0, Card: card,
		Actions: shownActions(card.shown(v.who.OldClient)), Hidden: v.hidden(hiddenField{"message", m.id}),
	}
}

func shownActions(actions []cardAction) []shownAction {
	out := make([]shownAction, 0, len(actions))
	for i := range actions {
		a := &actions[i]
		shown := shownAction{Title: a.Title, Verb: a.verbOf(), Link: a.URL}
		if a.Style == "positive" || a.Style == "destructive" {
			shown.Class = a.Style
		}
		if a.Type == "Action.ShowCard" {
			shown.Inside, shown.Buttons = a.Card, shownActions(a.Card.Actions)
		}
		out = append(out, shown)
	}
	return out
}

// classes are the style of an element. Only words of ours go in.
func classes(e cardElement) string {
	out := []string{map[string]string{
		"RichTextBlock": "rich", "Container": "box", "ColumnSet": "columnset",
	}[e.Type]}
	for _, known := range []struct{ value, want, class string }{
		{e.Size, "Large", "large"},
		{e.Size, "Small", "small"},
		{e.Weight, "Bolder", "bolder"},
		{e.Font, "Monospace", "mono"},
		{e.Color, "Good", "c-good"},
		{e.Color, "Attention", "c-attention"},
		{e.Color, "Warning", "c-warning"},
		{e.Color, "Accent", "c-accent"},
		{e.Style, "good", "s-good"},
		{e.Style, "warning", "s-warning"},
		{e.Style, "attention", "s-attention"},
		{e.Spacing, "None", "tight"},
	} {
		if known.value == known.want {
			out = append(out, known.class)
		}
	}
	if e.Subtle {
		out = append(out, "subtle")
	}
	if e.Separator {
		out = append(out, "rule")
	}
	return strings.TrimSpace(strings.Join(out, " "))
}

var (
	computed = regexp.MustCompile(`\{\{(DATE|TIME)\(([0-9TZ:+-]+)(?:, *(?:COMPACT|SHORT|LONG))?\)\}\}`)
	strong   = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	link     = regexp.MustCompile(`\[([^\]]+)\]\((https?://[^)\s]+)\)`)
)

// markup draws the little of Markdown that a TextBlock knows, and its dates, here in UTC. What it gets is escaped first.
func markup(text string) template.HTML {
	text = computed.ReplaceAllStringFunc(text, func(found string) string {
		parts := computed.FindStringSubmatch(found)
		at, err := time.Parse(time.RFC3339, parts[2])
		switch {
		case err != nil:
			return found
		case parts[1] == "TIME":
			return at.UTC().Format("15:04")
		default:
			return at.UTC().Format("2006-01-02")
		}
	})
	escaped := template.HTMLEscapeString(text)
	escaped = strong.ReplaceAllString(escaped, "<strong>$1</strong>")
	escaped = link.ReplaceAllString(escaped, `<a href="$2" rel="noopener noreferrer">$1</a>`)
	return template.HTML(escaped) //nolint:gosec // escaped above
}
