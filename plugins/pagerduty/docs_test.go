package pagerduty

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/pagerduty.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	everything := &Config{DecideBy: []Way{ByWorkflow}, WebhookSubscription: "P"}
	for _, scope := range everything.scopes() {
		if !strings.Contains(text, "| `"+scope+"` |") {
			t.Errorf("docs/plugins/pagerduty.md lacks the right %s in its table", scope)
		}
	}
	for _, needed := range rights() {
		if !strings.Contains(text, "`"+needed.scope+"`") {
			t.Errorf("docs/plugins/pagerduty.md lacks the right %s", needed.scope)
		}
	}
	for _, sentence := range []string{
		"The credential does not work", "gives no token", "the right … is missing", "No PagerDuty user who accepted the invitation",
		"The credential belongs to the account", "There is no service", "is disabled", "The incident workflow … cannot be read",
		"Incidents have no custom field", "lacks the options approve and deny", "PagerDuty cannot tell the plugin of decisions",
		"The webhook subscription cannot be read", "has switched the webhook subscription off", "does not send", "/callback",
		"Accede did not count", "is not connected", "has no use while decide_by is empty",
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/pagerduty.md does not explain %q", sentence)
		}
	}
}
