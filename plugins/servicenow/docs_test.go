package servicenow

import (
	"os"
	"strings"
	"testing"
)

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the sentences of the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugins/servicenow.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for _, sentence := range []string{
		"ServiceNow cannot be used", "does not take client credentials", "does not know client_id and client_secret",
		"answered with a page instead of data", "could not be reached", "certificate is not trusted", "The instance has no table",
		"The integration user may not read the table", "The integration user cannot read", "has no choice",
		"The integration user's time zone is", "The integration user may not see who is on call",
		"com.snc.on_call_rotation is not active", "There is no active group", "several active groups",
		"is a person, but the plugin asks nobody by itself", "There is no one active user with the e-mail address",
		"is not connected with anybody in Accede", "not by the approver", "integrations cannot decide",
		"correlation_display, which says what it is about, was changed or is hidden", "does not take the record like this",
		headerSecret, "/callback", "glide.oauth.inbound.client.credential.grant_type.enabled", "OAuth Application User",
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("docs/plugins/servicenow.md does not explain %q", sentence)
		}
	}
	w := newWorld(t, delegating)
	for _, need := range append(w.inner().needs(), need{table: "cmn_rota"}, need{table: "sys_user_group"}) {
		if need.table != tableIncident && !strings.Contains(text, "`"+need.table+"`") {
			t.Errorf("docs/plugins/servicenow.md does not list the right for %s", need.table)
		}
	}
}
