package opsgenie

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

const (
	// ruler counts characters, as the services do; they cut what is too long without a word.
	ruler = wording.Characters
	// gap breaks up what would come alive without being seen.
	gap = "\u200b"
)

// oneLine makes untrusted text fit for a label.
func oneLine(text string, limit int) string { return ruler.OneLine(tame(text), limit) }

// quoted makes untrusted text stand apart.
func quoted(text string, limit int) string { return ruler.Quote(tame(text), limit) }

// tame makes text that shows as itself and nothing else. Opsgenie renders HTML in messages and descriptions, and both
// services turn web addresses into links and names behind an @ into mentions, so each of them is broken up where nobody sees
// it.
func tame(text string) string {
	return strings.NewReplacer(
		"<", "<"+gap, "&", "&"+gap, "@", "@"+gap, "://", ":"+gap+"//", "www.", "www"+gap+".", "mailto:", "mailto"+gap+":",
		"javascript:", "javascript"+gap+":", "[accede:", "[accede"+gap+":",
	).Replace(wording.Visible(text))
}
