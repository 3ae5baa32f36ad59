package wording

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// CutMark ends every text that was cut; the card's link leads to the whole.
const CutMark = "… full text in Accede"

const (
	zeroWidthJoiner = '\u200d'
	// hole stands for what cannot be shown.
	hole = '▯'
)

// Visible replaces what would not show as itself: broken bytes, control characters, and the characters that reverse the
// reading direction of whatever follows. Line ends of every kind become line feeds.
func Visible(text string) string {
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

// Ruler is what a vendor counts the length of a text in.
type Ruler int

// The rulers.
const (
	// Characters counts what Unicode calls characters.
	Characters Ruler = iota
	// UTF16 counts UTF-16 units, as programs in JavaScript and .NET do; it is never less than the number of characters.
	UTF16
)

func (u Ruler) of(r rune) int {
	if u == UTF16 {
		return utf16.RuneLen(r)
	}
	return 1
}

// Length returns how long a text is.
func (u Ruler) Length(text string) int {
	length := 0
	for _, r := range text {
		length += u.of(r)
	}
	return length
}

// Cut shortens text to at most limit, never inside what people see as one character, and says that it did.
func (u Ruler) Cut(text string, limit int) string {
	if u.Length(text) <= limit {
		return text
	}
	return text[:u.boundary(text, limit-u.Length(CutMark))] + CutMark
}

// OneLine makes untrusted text fit for a label: one line, nothing invisible that changes how its surroundings read.
func (u Ruler) OneLine(text string, limit int) string {
	return u.Cut(strings.Join(strings.Fields(Visible(text)), " "), limit)
}

// Lines makes untrusted text fit to be quoted: at most that long in all, and at most so many lines.
func (u Ruler) Lines(text string, limit, most int) []string {
	lines := strings.Split(strings.TrimSpace(u.Cut(strings.TrimSpace(Visible(text)), limit)), "\n")
	if len(lines) > most {
		lines = append(lines[:most:most], CutMark)
	}
	return lines
}

// boundary returns the last position at which text may be cut so that at most limit remains.
func (u Ruler) boundary(text string, limit int) int {
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
		used += u.of(r)
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
