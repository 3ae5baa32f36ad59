package mattermost

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/mattermost.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, sentence := range []string{
		"The bot token does not work", "who is a person", "The server publishes no key (AsymmetricSigningPublicKey)",
		"The server's key for clicks cannot be read", "SiteURL is empty", "The server calls itself", "that the bot can see",
		"The bot is not in the channel", "is archived", "cannot be looked up", "No account can be told by the e-mail address",
		"There is no active account", "Clicks cannot reach this plugin", "Mattermost cannot report clicks to callback_url",
		"the address is forbidden to it", "the address is a private one", "asks for a sign-in", "not this plugin answers",
		"it does not trust the address's certificate", "nobody answers there in time", "from here it works",
		"A click could not be tried: nobody answers at callback_url", "but its clicks are refused",
		"Something else than this plugin answers", "AllowedUntrustedInternalConnections", "no Mattermost at url", "set team",
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/mattermost.md does not explain %q", sentence)
		}
	}
	for _, said := range []string{sayOldCard, sayGuest, sayUnsure, sayForeign, sayOldForm} {
		sentence, _, _ := strings.Cut(strings.TrimPrefix(said, "Nothing was recorded: "), ". ")
		short := sentence[:min(len(sentence), 35)]
		if !strings.Contains(text, short) {
			t.Errorf("docs/plugins/mattermost.md does not explain %q", short)
		}
	}
}
