package opsgenie

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/opsgenie.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, sentence := range []string{
		"ends on " + sunset().Format("2 January 2006"), "The credential does not work", "could not be reached", "does not let the plugin change alerts",
		"read alerts", "does not let the plugin read schedules", "does not let the plugin look people up", "The API key belongs to a team",
		"The site at site_url has the id", "could not be compared with cloud_id", "There is no team", "of the kind", "Alerts carry buttons that decide",
		"The service cannot tell the plugin of pressed buttons", "cloud_id: is missing or malformed", "webhook_secret: is too short",
		"has no use without custom_actions", headerSecret, "/callback", "`" + tag + "`", "Accede did not count", "is not connected",
		"does not say for certain who", "accepted it and then did not do it", "Executed [approve] action via web", "accede.dev/opsgenie-notify-services",
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/opsgenie.md does not explain %q", sentence)
		}
	}
}
