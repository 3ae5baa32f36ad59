package slack

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

// ruler counts text as Slack's own client does.
const ruler = wording.UTF16

func voice() wording.Voice { return wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles} }

func oneLine(text string, limit int) string { return ruler.OneLine(text, limit) }

// quoted makes untrusted text stand apart.
func quoted(text string, limit int) string { return ruler.Quote(text, limit) }

// escape makes text safe where Slack looks for markup: https://docs.slack.dev/messaging/formatting-message-text.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
