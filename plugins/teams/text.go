package teams

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

// ruler counts text as Teams does.
const ruler = wording.UTF16

const wordJoiner = "\u2060"

func voice() wording.Voice {
	return wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles, Tail: maxProgress}
}

// oneLine makes untrusted text fit for a label: one line, nothing invisible that changes how its surroundings read.
func oneLine(text string, limit int) string { return ruler.OneLine(tame(text), limit) }

// quoted makes untrusted text stand apart, a line each: every line behind a bar, so that no line of it can pass for one of
// ours. Each line is an element of a card, so there are at most so many.
func quoted(text string, limit, most int) []string {
	lines := ruler.Lines(tame(text), limit, most)
	for i, line := range lines {
		lines[i] = wording.QuoteBar + line
	}
	return lines
}

// tame makes text show as itself: {{DATE(…)}} would be computed.
func tame(text string) string {
	text = wording.Visible(text)
	for strings.Contains(text, "{{") {
		text = strings.ReplaceAll(text, "{{", "{"+wordJoiner+"{")
	}
	return text
}
