package mattermost

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// cutMark ends every text that was cut; the card's link leads to the whole.
const cutMark = "… full text in Accede"

const (
	zeroWidthJoiner = '\u200d'
	zeroWidthSpace  = "\u200b"
	// hole stands for what cannot be shown.
	hole = '▯'
	// maxLines bounds how many lines of somebody's text a card shows.
	maxLines = 40
)

// code shows untrusted text on one line as it is. In a code span Mattermost looks for nothing: no mention, no link, no
// markup. The only character with a meaning there is the one that ends it.
func code(text string, limit int) string {
	return "`" + strings.ReplaceAll(oneLine(text, limit), "`", "ˋ") + "`"
}

// quoted makes untrusted text stand apart: each line a quoted code span, so that no line of it can pass for one of ours.
func quoted(text string, limit int) string {
	lines := strings.Split(cut(strings.TrimSpace(visible(text)), limit), "\n")
	if len(lines) > maxLines {
		lines = append(lines[:maxLines], cutMark)
	}
	var out strings.Builder
	for i, line := range lines {
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
	for _, r := range visible(text) {
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

// oneLine makes untrusted text fit for a label: one line, nothing invisible that changes how its surroundings read.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(visible(text)), " "), limit)
}

// visible replaces what would not show as itself: broken bytes, control characters, and the characters that reverse
// the reading direction of whatever follows.
func visible(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(hole)), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && !isMark(r):
			return hole
		default:
			return r
		}
	}, text)
}

// isMark says whether r is a direction mark, which has no effect beyond its place.
func isMark(r rune) bool { return r == '\u200e' || r == '\u200f' || r == '\u061c' }

// cut shortens text to at most limit characters, never inside what people see as one, and says that it did. Mattermost
// counts its limits in characters.
func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return text[:boundary(text, limit-utf8.RuneCountInString(cutMark))] + cutMark
}

// boundary returns the last position at which text may be cut so that at most limit characters remain.
func boundary(text string, limit int) int {
	var safe, fallback, used, flags int
	previous := ' '
	for at, r := range text {
		if used > limit {
			break
		}
		fallback = at
		if !joins(previous, r, flags) {
			safe = at
		}
		if flags++; !unicode.Is(unicode.Regional_Indicator, r) {
			flags = 0
		}
		used++
		previous = r
	}
	if safe == 0 {
		return fallback
	}
	return safe
}

// joins says whether r belongs to the same visible character as the rune before it. Flags are pairs of letters.
func joins(previous, r rune, flagsBefore int) bool {
	return previous == zeroWidthJoiner || r == zeroWidthJoiner || unicode.Is(unicode.M, r) ||
		r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f ||
		unicode.Is(unicode.Regional_Indicator, r) && flagsBefore%2 == 1
}
