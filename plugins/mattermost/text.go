package mattermost

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

const (
	// ruler counts text in characters, as Mattermost counts its limits.
	ruler          = wording.Characters
	zeroWidthSpace = "\u200b"
	// maxLines bounds how many lines of somebody's text a card shows.
	maxLines = 40
)

// code shows untrusted text on one line as it is. In a code span Mattermost looks for nothing: no mention, no link, no
// markup. The only character with a meaning there is the one that ends it.
func code(text string, limit int) string {
	return "`" + strings.ReplaceAll(ruler.OneLine(text, limit), "`", "ˋ") + "`"
}

func voice() wording.Voice { return wording.Voice{Label: code, Name: maxName, Roles: maxRoles} }

// quoted makes untrusted text stand apart: each line a quoted code span, so that no line of it can pass for one of ours.
func quoted(text string, limit int) string {
	var out strings.Builder
	for i, line := range ruler.Lines(text, limit, maxLines) {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteByte('>')
		if strings.TrimSpace(line) != "" {
			out.WriteString(" `" + strings.ReplaceAll(line, "`", "ˋ") + "`")
		}
	}
	return out.String()
}

// literal makes a sentence of the core's show as it is outside of a code span: signs of markup are escaped, and what
// Mattermost would find without any sign, such as mentions and addresses, is interrupted by a space without width.
func literal(text string) string {
	var out strings.Builder
	for _, r := range wording.Visible(text) {
		if strings.ContainsRune("\\`*{}[]()#+-.!_>~|", r) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
		if r == '@' || r == ':' || r == '/' || r == '$' || r == '&' || r == '<' || r == '^' {
			out.WriteString(zeroWidthSpace)
		}
	}
	return out.String()
}
