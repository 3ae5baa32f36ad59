package teams

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// cutMark ends every text that was cut; the card's link leads to the whole.
const cutMark = "… full text in Accede"

const (
	zeroWidthJoiner = '\u200d'
	quoteBar        = "│ "
	wordJoiner      = "\u2060"
	// hole stands for what cannot be shown.
	hole = '▯'
)

// oneLine makes untrusted text fit for a label: one line, nothing invisible that changes how its surroundings read.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(visible(text)), " "), limit)
}

// quoted makes untrusted text stand apart, a line each: every line behind a bar, so that no line of it can pass for one of
// ours. Each line is an element of a card, so there are at most so many.
func quoted(text string, limit, most int) []string {
	lines := strings.Split(strings.TrimSpace(cut(strings.TrimSpace(visible(text)), limit)), "\n")
	if len(lines) > most {
		lines = append(lines[:most:most], cutMark)
	}
	for i, line := range lines {
		lines[i] = quoteBar + line
	}
	return lines
}

// visible replaces what would not show as itself: broken bytes, control characters, and the characters that reverse
// the reading direction of whatever follows.
func visible(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(hole)), "\r\n", "\n")
	for strings.Contains(text, "{{") { // {{DATE(…)}} would be computed
		text = strings.ReplaceAll(text, "{{", "{"+wordJoiner+"{")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && !isMark(r):
			return hole
		default:
			return r
		}
	}, text)
}

// isMark says whether r is a direction mark, which has no effect beyond its place.
func isMark(r rune) bool { return r == '\u200e' || r == '\u200f' || r == '\u061c' }

// units counts text as Teams does, in UTF-16 units; it is never less than the number of characters.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// cut shortens text to at most limit units, never inside a character that people see as one, and says that it did.
func cut(text string, limit int) string {
	if units(text) <= limit {
		return text
	}
	return text[:boundary(text, limit-units(cutMark))] + cutMark
}

// boundary returns the last position at which text may be cut so that at most limit units remain.
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
		used += utf16.RuneLen(r)
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
