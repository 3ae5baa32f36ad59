package teams

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/plugins/teams.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	wanted := []string{
		"Entra gives the bot no token", "The keys that prove where callbacks come from cannot be fetched", "The certificate expire",
		"The app is not in the team of the channel", "Teams does not know the channel", "is not one of the configured channels",
		"cannot be written to", "Microsoft Graph cannot be used", "User.Read.All", "TeamsAppInstallation.ReadWriteSelfForUser.All",
		"/callback", "accede-teams package", "This card came twice", "is for another bot", "comes from another tenant", "is out of its time",
		"service address is not one of Microsoft's for Teams", "is served from another address", "An administrator has blocked the app",
		"The bot has no Teams channel",
	}
	for code := range tokenFaults() {
		if code != "AADSTS900023" && code != "AADSTS7000112" {
			wanted = append(wanted, code)
		}
	}
	for _, sentence := range wanted {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/teams.md does not explain %q", sentence)
		}
	}
	for _, said := range []string{sayOldCard, sayGuest, sayForeign, sayUnsure} {
		sentence, _, _ := strings.Cut(strings.TrimPrefix(said, "Nothing was recorded: "), ". ")
		short := sentence[:min(len(sentence), 35)]
		if !strings.Contains(text, short) {
			t.Errorf("docs/plugins/teams.md does not explain %q", short)
		}
	}
}
