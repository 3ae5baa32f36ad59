package slack

import (
	"strings"

	"github.com/accede/accede/plugins/wording"
)

const (
	// ruler counts text as Slack's own client does.
	ruler    = wording.UTF16
	quoteBar = "│ "
)

func voice() wording.Voice { return wording.Voice{Label: oneLine, Name: maxName, Roles: maxRoles} }

func oneLine(text string, limit int) string { return ruler.OneLine(text, limit) }

// quoted makes untrusted text stand apart: each line behind a bar, so that no line of it can pass for one of ours.
func quoted(text string, limit int) string {
	lines := strings.Split(strings.TrimSpace(wording.Visible(text)), "\n")
	return ruler.Cut(quoteBar+strings.Join(lines, "\n"+quoteBar), limit)
}

// escape makes text safe where Slack looks for markup: https://docs.slack.dev/messaging/formatting-message-text.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
