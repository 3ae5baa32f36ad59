package jira

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// cutMark ends every text that was cut; the link leads to the whole.
const cutMark = "… full text in Accede"

const (
	zeroWidthJoiner = '\u200d'
	// hole stands for what cannot be shown.
	hole = '▯'
)

// oneLine makes untrusted text fit for a label: one line, nothing invisible that changes how its surroundings read.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(visible(text)), " "), limit)
}

// lines makes untrusted text fit for a quotation: at most so many lines and units.
func lines(text string, limit, most int) []string {
	all := strings.Split(strings.TrimSpace(visible(text)), "\n")
	if len(all) > most {
		all = append(all[:most-1], cutMark)
	}
	return strings.Split(cut(strings.Join(all, "\n"), limit), "\n")
}

// visible replaces what would not show as itself: broken bytes, control characters, and the characters that reverse the
// reading direction of whatever follows.
func visible(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(hole)), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && !directionMark(r):
			return hole
		default:
			return r
		}
	}, text)
}

// directionMark says whether r is one of the marks that have no effect beyond their place.
func directionMark(r rune) bool { return r == '\u200e' || r == '\u200f' || r == '\u061c' }

// units counts text in UTF-16 units, as Jira does.
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
