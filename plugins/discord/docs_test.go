package discord

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/discord.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, p := range permissions() {
		if !strings.Contains(text, "| "+p.name+" |") {
			t.Errorf("docs/plugins/discord.md lacks the permission %s in its table", p.name)
		}
	}
	for _, sentence := range []string{
		"The bot token does not work", "Clicks do not come over the Gateway", "The Gateway cannot be reached",
		"The bot has connected to Discord very often", "public_key is not the application's", "Clicks cannot reach this plugin",
		"The bot is not in the server", "There is no channel", "cannot be looked up", "Discord does not tell whose e-mail address",
		"The bot cannot write to the account", "cannot be used", "the bot lacks", "Nobody can write in the channel",
		"is in a server that guilds does not list", "/callback", "1,024 characters",
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/discord.md does not explain %q", sentence)
		}
	}
	for _, said := range []string{sayOldCard, sayOldForm, sayForeign, sayNoMember, sayUnsure} {
		short := strings.TrimPrefix(said, "Nothing was recorded: ")
		short = short[:min(len(short), 30)]
		if !strings.Contains(text, short) {
			t.Errorf("docs/plugins/discord.md does not explain %q", short)
		}
	}
}
