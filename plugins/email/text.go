package email

import (
	"strings"
	"unicode"

	"github.com/accede/accede/plugins/wording"
)

const (
	ruler = wording.Characters
	// breaker is a space of no width: invisible, but a mail program no longer sees an address in what it stands in.
	breaker = '\u200b'
)

// shown is text that people chose, as it stands in the body of a mail.
func shown(text string, limit int) string { return inert(ruler.OneLine(text, limit)) }

func voice() wording.Voice { return wording.Voice{Label: shown, Name: maxName, Roles: maxRoles} }

// paragraph makes untrusted text of several lines fit to be quoted.
func paragraph(text string, limit int) []string {
	return strings.Split(inert(ruler.Cut(strings.TrimSpace(wording.Visible(text)), limit)), "\n")
}

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
