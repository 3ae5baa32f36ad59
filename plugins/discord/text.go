package discord

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// cutMark ends every text that was cut; the card's link leads to the whole.
const cutMark = "… full text in Accede"

const (
	zeroWidthJoiner = '\u200d'
	zeroWidthSpace  = "\u200b"
	quoteBar        = "> "
	// hole stands for what cannot be shown.
	hole = '▯'
)

// piece is one character of a text and how Discord has to be given it.
type piece struct {
	char rune
	out  string
}

// oneLine makes untrusted text fit for a label: one line, escaped, of at most limit units.
func oneLine(text string, limit int) string {
	return fit(escape(flat(text), "\n"), limit)
}

// flat makes one line of a text, for places where Discord reads no markup.
func flat(text string) string { return strings.Join(strings.Fields(visible(text)), " ") }

// plain makes untrusted text fit for a button or a footer, where Discord reads no markup.
func plain(text string, limit int) string {
	text = flat(text)
	pieces := make([]piece, 0, len(text))
	for _, r := range text {
		pieces = append(pieces, piece{char: r, out: string(r)})
	}
	return fit(pieces, limit)
}

// quoted makes untrusted text stand apart: each line is a quotation of Discord's, so that no line can pass for one of ours.
func quoted(text string, limit int) string {
	return quoteBar + fit(escape(strings.TrimSpace(visible(text)), "\n"+quoteBar), limit-len(quoteBar))
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
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && !isMark(r), r == unicode.ReplacementChar:
			return hole
		default:
			return r
		}
	}, text)
}

// isMark says whether r is a direction mark, which has no effect beyond its place.
func isMark(r rune) bool { return r == '\u200e' || r == '\u200f' || r == '\u061c' }

// escape puts a backslash before everything that Discord may take for markup, a mention, an emoji or an address:
// https://support.discord.com/hc/en-us/articles/210298617 and https://discord.com/developers/docs/reference#message-formatting.
// Newlines become what is given.
func escape(text, newline string) []piece {
	runes := []rune(text)
	pieces := make([]piece, 0, len(runes))
	begins := true // only spaces and digits so far in this line
	for i, r := range runes {
		rest := runes[i+1:]
		switch {
		case r == '\n':
			pieces = append(pieces, piece{char: r, out: newline})
			begins = true
			continue
		case strings.ContainsRune("\\`*_~|<>[]/", r), begins && strings.ContainsRune("#-+.)", r), r == ':' && glued(rest):
			pieces = append(pieces, piece{char: r, out: `\` + string(r)})
		case r == '@' && (startsWith(rest, "everyone") || startsWith(rest, "here")):
			pieces = append(pieces, piece{char: r, out: "@" + zeroWidthSpace})
		default:
			pieces = append(pieces, piece{char: r, out: string(r)})
		}
		begins = begins && (r == ' ' || r >= '0' && r <= '9')
	}
	return pieces
}

// glued says whether a word goes on, as it does in the name of an emoji and in an address.
func glued(rest []rune) bool { return len(rest) > 0 && !unicode.IsSpace(rest[0]) }

func startsWith(text []rune, word string) bool {
	return len(text) >= len(word) && string(text[:len(word)]) == word
}

// units counts text as Discord's own client does, in UTF-16 units; it is never less than the number of characters.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// fit joins pieces to at most limit units. It never cuts inside a character that people see as one, and says that it cut.
func fit(pieces []piece, limit int) string {
	total := 0
	for _, p := range pieces {
		total += units(p.out)
	}
	end := len(pieces)
	if total > limit {
		end = boundary(pieces, limit-units(cutMark))
	}
	var out strings.Builder
	for _, p := range pieces[:end] {
		out.WriteString(p.out)
	}
	if end < len(pieces) {
		out.WriteString(cutMark)
	}
	return out.String()
}

// boundary returns before which piece a text may be cut so that at most limit units remain.
func boundary(pieces []piece, limit int) int {
	var safe, fallback, used, flags int
	previous := ' '
	for at, p := range pieces {
		if used > limit {
			break
		}
		fallback = at
		if !joins(previous, p.char, flags) {
			safe = at
		}
		if flags++; !unicode.Is(unicode.Regional_Indicator, p.char) {
			flags = 0
		}
		used += units(p.out)
		previous = p.char
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

// listed joins parts that were escaped before, as many as fit, and says how many do not.
func listed(parts []string, separator string, limit int) string {
	var out strings.Builder
	for i, part := range parts {
		more := fmt.Sprintf("%sand %d more", separator, len(parts)-i)
		if i > 0 && units(out.String())+units(separator)+units(part)+units(more) > limit {
			out.WriteString(more)
			return out.String()
		}
		if i > 0 {
			out.WriteString(separator)
		}
		out.WriteString(part)
	}
	return out.String()
}
