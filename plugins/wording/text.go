package wording

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// CutMark ends every text that was cut; the card's link leads to the whole.
	CutMark = "… full text in Accede"
	// QuoteBar begins every line that a person wrote, where a vendor knows no quotations.
	QuoteBar = "│ "
	// Hole stands for what cannot be shown.
	Hole = string(hole)
)

const (
	zeroWidthJoiner = '\u200d'
	hole            = '▯'
)

// Visible replaces what would not show as itself: broken bytes, control characters, and the characters that reverse the
// reading direction of whatever follows. Line ends of every kind become line feeds.
func Visible(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, Hole), "\r\n", "\n")
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

// Piece is one character of a text, and how a vendor has to be given it.
type Piece struct {
	Char rune
	Out  string
}

// Cut shortens text to at most limit, never inside what people see as one character, and says that it did.
func (u Ruler) Cut(text string, limit int) string { return u.CutWith(CutMark, text, limit) }

// CutWith does as Cut does, and says so with a mark of the caller's, for places with little room.
func (u Ruler) CutWith(mark, text string, limit int) string {
	if u.Length(text) <= limit {
		return text
	}
	pieces := make([]Piece, 0, len(text))
	for _, r := range text {
		pieces = append(pieces, Piece{Char: r, Out: string(r)})
	}
	return joined(pieces[:u.boundary(pieces, limit-u.Length(mark))]) + mark
}

// Fit joins pieces to at most limit, as Cut does. No piece is cut in two.
func (u Ruler) Fit(pieces []Piece, limit int) string {
	if text := joined(pieces); u.Length(text) <= limit {
		return text
	}
	return joined(pieces[:u.boundary(pieces, limit-u.Length(CutMark))]) + CutMark
}

func joined(pieces []Piece) string {
	var out strings.Builder
	for _, p := range pieces {
		out.WriteString(p.Out)
	}
	return out.String()
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

// Quote makes untrusted text stand apart: each line behind a bar, so that no line of it can pass for one of ours.
func (u Ruler) Quote(text string, limit int) string {
	lines := strings.Split(strings.TrimSpace(Visible(text)), "\n")
	return u.Cut(QuoteBar+strings.Join(lines, "\n"+QuoteBar), limit)
}

// boundary returns before which piece a text may be cut so that at most limit remains.
func (u Ruler) boundary(pieces []Piece, limit int) int {
	var safe, fallback, used, flags int
	previous := ' '
	for at, p := range pieces {
		if used > limit {
			break
		}
		fallback = at
		if !joins(previous, p.Char, flags) {
			safe = at
		}
		if flags++; !unicode.Is(unicode.Regional_Indicator, p.Char) {
			flags = 0
		}
		used += u.Length(p.Out)
		previous = p.Char
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
