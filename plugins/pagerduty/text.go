package pagerduty

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

const (
	ruler = wording.Characters
	// gap breaks up addresses without being seen.
	gap = "\u200b"
)

// oneLine makes untrusted text fit for a label.
func oneLine(text string, limit int) string { return ruler.OneLine(tame(text), limit) }

// quoted makes untrusted text stand apart.
func quoted(text string, limit int) string { return ruler.Quote(tame(text), limit) }

// tame makes text that shows as itself and nothing else: PagerDuty turns web addresses in descriptions and notes into
// links, so an address that a person wrote is broken up where nobody sees it.
func tame(text string) string {
	return strings.NewReplacer("://", ":"+gap+"//", "www.", "www"+gap+".", "mailto:", "mailto"+gap+":", "javascript:", "javascript"+gap+":",
		"[accede:", "[accede"+gap+":").Replace(wording.Visible(text))
}
