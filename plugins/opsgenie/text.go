package opsgenie

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// cutMark ends every text that was cut, shortMark one that has little room.
	cutMark   = "… (the full text is in Accede)"
	shortMark = "…"
	// quoteBar stands before every line that a person wrote.
	quoteBar = "│ "
	// hole stands for what cannot be shown, gap breaks up what would come alive without being seen.
	hole = '▯'
	gap  = "\u200b"

	zeroWidthJoiner = '\u200d'
)

// oneLine makes untrusted text fit for a label.
func oneLine(text string, limit int) string {
	return cut(strings.Join(strings.Fields(tame(text)), " "), limit, shortMark)
}

// quoted makes untrusted text stand apart: each line behind a bar, so that none of them can pass for one of ours.
func quoted(text string, limit int) string {
	lines := strings.Split(strings.TrimSpace(tame(text)), "\n")
	return cut(quoteBar+strings.Join(lines, "\n"+quoteBar), limit, cutMark)
}

// tame makes text that shows as itself and nothing else. Opsgenie renders HTML in messages and descriptions, and both
// services turn web addresses into links and names behind an @ into mentions, so each of them is broken up where nobody sees
// it.
func tame(text string) string {
	return strings.NewReplacer(
		"<", "<"+gap, "&", "&"+gap, "@", "@"+gap, "://", ":"+gap+"//", "www.", "www"+gap+".", "mailto:", "mailto"+gap+":",
		"javascript:", "javascript"+gap+":", "[accede:", "[accede"+gap+":",
	).Replace(visible(text))
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
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && r != '\u200e' && r != '\u200f' && r != '\u061c':
			return hole
		default:
			return r
		}
	}, text)
}

// cut shortens text to at most limit characters, never inside one that people see as one, and says that it did. The services
// count characters, and cut what is too long without a word.
func cut(text string, limit int, mark string) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	keep := max(limit-utf8.RuneCountInString(mark), 0)
	runes := []rune(text)
	for at := keep; at > 0; at-- {
		if !joins(runes[at-1], runes[at]) {
			return string(runes[:at]) + mark
		}
	}
	return string(runes[:keep]) + mark
}

// joins says whether r belongs to the same visible character as the rune before it. Flags are pairs of letters; between two
// of them nothing is cut.
func joins(previous, r rune) bool {
	return previous == zeroWidthJoiner || r == zeroWidthJoiner || unicode.Is(unicode.M, r) ||
		r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f ||
		unicode.Is(unicode.Regional_Indicator, previous) && unicode.Is(unicode.Regional_Indicator, r)
}
