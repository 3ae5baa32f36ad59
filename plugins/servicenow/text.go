package servicenow

import (
	"regexp"
	"strings"

	"github.com/accede/accede/plugins/wording"
)

// ruler counts text in UTF-16 units, as Java does.
const ruler = wording.UTF16

func voice() wording.Voice { return wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles} }

// oneLine makes untrusted text fit for a label: one line, nothing invisible that changes how its surroundings read.
func oneLine(text string, limit int) string {
	return ruler.OneLine(tame(text), limit)
}

// quoted makes untrusted text stand apart.
func quoted(text string, limit int) string { return ruler.Quote(tame(text), limit) }

// markup switches journals to HTML.
var markup = regexp.MustCompile(`(?i)\[(/?code)`)

// tame takes the life out of what ServiceNow, and the programs that show its notifications, act on, and leaves it readable:
// [code] is markup, @[ begins a mention, and an address becomes a link.
func tame(text string) string {
	text = strings.ReplaceAll(text, "@[", "@ [")
	text = markup.ReplaceAllString(text, "[ $1")
	return strings.ReplaceAll(text, "://", ":[//]")
}
