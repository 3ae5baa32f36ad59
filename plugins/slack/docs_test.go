package slack

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, scope := range scopes() {
		if !strings.Contains(text, "- "+scope.name+"\n") || !strings.Contains(text, "`"+scope.name+"`") {
			t.Errorf("docs/plugins/slack.md lacks the scope %s in its manifest or its table", scope.name)
		}
	}
	for _, sentence := range []string{
		"The bot token does not work", "Socket Mode does not work", "The signing secret does not look like one",
		"Clicks cannot reach this plugin", "The bot is not in the channel", "is archived", "cannot be looked up",
		"Nobody in the workspace has the e-mail address", "that the bot can see", "/callback", "connections:write",
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/slack.md does not explain %q", sentence)
		}
	}
	for _, said := range []string{sayOldCard, sayGuest, sayUnsure} {
		sentence, _, _ := strings.Cut(strings.TrimPrefix(said, "Nothing was recorded: "), ". ")
		short := sentence[:min(len(sentence), 35)]
		if !strings.Contains(text, short) {
			t.Errorf("docs/plugins/slack.md does not explain %q", short)
		}
	}
}
