package email

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// cutMark ends every text that was cut; the mail's link leads to the whole.
	cutMark         = "… full text in Accede"
	zeroWidthJoiner = '\u200d'
	// breaker is a space of no width: invisible, but a mail program no longer sees an address in what it stands in.
	breaker  = '\u200b'
	quoteBar = "│ "
	// hole stands for what cannot be shown.
	hole = '▯'
)

// oneLine makes untrusted text fit for a label or a header: one line, nothing invisible that changes how its surroundings
// read.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(visible(text)), " "), limit)
}

// shown is text that people chose, as it stands in the body of a mail.
func shown(text string, limit int) string { return inert(oneLine(text, limit)) }

// paragraph makes untrusted text of several lines fit to be quoted.
func paragraph(text string, limit int) []string {
	return strings.Split(inert(cut(strings.TrimSpace(visible(text)), limit)), "\n")
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
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && !isMark(r), r == utf8.RuneError:
			return hole
		default:
			return r
		}
	}, text)
}

// isMark says whether r is a direction mark, which has no effect beyond its place.
func isMark(r rune) bool { return r == '\u200e' || r == '\u200f' || r == '\u061c' }

// inert breaks up what mail programs turn into links on their own: the scheme of an address before its colon, hosts and
// mail addresses after each dot and at sign.
func inert(text string) string {
	var out strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		inside := i > 0 && i+1 < len(runes) && !unicode.IsSpace(runes[i-1]) && !unicode.IsSpace(runes[i+1])
		if inside && r == ':' {
			out.WriteRune(breaker)
		}
		out.WriteRune(r)
		if inside && strings.ContainsRune(".@/。．｡＠", r) && (r != '/' || runes[i-1] == '/' || runes[i-1] == ':') {
			out.WriteRune(breaker)
		}
	}
	return out.String()
}

// cut shortens text to at most limit characters, never inside one that people see as one, and says that it did.
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
