package discord

import (
	"strings"
	"unicode"

	"github.com/accede/accede/plugins/wording"
)

const (
	// ruler counts text as Discord's own client does.
	ruler          = wording.UTF16
	zeroWidthSpace = "\u200b"
	quoteBar       = "> "
)

func voice() wording.Voice {
	return wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles, Tail: maxProgress}
}

// oneLine makes untrusted text fit for a label: one line, escaped, of at most limit units.
func oneLine(text string, limit int) string {
	return ruler.Fit(escape(flat(text), "\n"), limit)
}

// flat makes one line of a text.
func flat(text string) string { return strings.Join(strings.Fields(wording.Visible(text)), " ") }

// plain makes untrusted text fit for a button or a footer, where Discord reads no markup.
func plain(text string, limit int) string { return ruler.OneLine(text, limit) }

// quoted makes untrusted text stand apart: each line is a quotation of Discord's, so that no line can pass for one of ours.
func quoted(text string, limit int) string {
	return quoteBar + ruler.Fit(escape(strings.TrimSpace(wording.Visible(text)), "\n"+quoteBar), limit-len(quoteBar))
}

// escape puts a backslash before everything that Discord may take for markup, a mention, an emoji or an address:
// https://support.discord.com/hc/en-us/articles/210298617 and https://discord.com/developers/docs/reference#message-formatting.
// Newlines become what is given.
func escape(text, newline string) []wording.Piece {
	runes := []rune(text)
	pieces := make([]wording.Piece, 0, len(runes))
	begins := true // only spaces and digits so far in this line
	for i, r := range runes {
		rest := runes[i+1:]
		switch {
		case r == '\n':
			pieces = append(pieces, wording.Piece{Char: r, Out: newline})
			begins = true
			continue
		case strings.ContainsRune("\\`*_~|<>[]/", r), begins && strings.ContainsRune("#-+.)", r), r == ':' && glued(rest):
			pieces = append(pieces, wording.Piece{Char: r, Out: `\` + string(r)})
		case r == '@' && (startsWith(rest, "everyone") || startsWith(rest, "here")):
			pieces = append(pieces, wording.Piece{Char: r, Out: "@" + zeroWidthSpace})
		default:
			pieces = append(pieces, wording.Piece{Char: r, Out: string(r)})
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
