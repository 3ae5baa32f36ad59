package docs

import (
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/plugins/catalog"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/test/stack"
)

// answered is what somebody tells the page on which a plugin is connected, and what its environment then holds.
type answered struct {
	form        url.Values
	environment map[string]string
}

const someID = "00000000-0000-4000-8000-000000000001"

// connecting are answers for every plugin, in every way that its page offers.
func connecting() map[string][]answered {
	return map[string][]answered{
		"discord": {
			{nil, map[string]string{"ACCEDE_DISCORD_BOT_TOKEN": "abc.def.ghi"}},
			{
				url.Values{"mode": {"http"}, "public_key": {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}, "guilds": {"1234567890123456789"}},
				map[string]string{"ACCEDE_DISCORD_BOT_TOKEN": "abc.def.ghi"},
			},
		},
		"email": {
			{url.Values{"from": {"Accede <a@example.com>"}, "smtp.host": {"smtp.example.com"}}, nil},
			{
				url.Values{"from": {"a@example.com"}, "smtp.host": {"smtp.example.com"}, "smtp.username": {"a"}, "smtp.tls": {"implicit"}},
				map[string]string{"ACCEDE_EMAIL_PASSWORD": "p"},
			},
			{
				url.Values{"from": {"a@example.com"}, "through": {"mailgun"}, "mailgun.domain": {"mg.example.com"}, "mailgun.region": {"eu"}},
				map[string]string{"ACCEDE_EMAIL_API_KEY": "k"},
			},
		},
		"jira": {{
			url.Values{
				"url": {"https://example.atlassian.net"}, "email": {"a@example.com"}, "statuses.pending": {"10000"},
				"statuses.approved": {"10001"}, "statuses.denied": {"10002"}, "private_role": {"Reviewers"},
			},
			map[string]string{"ACCEDE_JIRA_TOKEN": "t"},
		}},
		"mattermost": {{
			url.Values{"url": {"https://chat.example.com"}, "callback_url": {"https://accede.example.com/callback"}, "team": {"main"}},
			map[string]string{"ACCEDE_MATTERMOST_TOKEN": "abcdefghijklmnopqrstuvwxyz"},
		}},
		"opsgenie": {
			{
				url.Values{"cloud_id": {someID}, "site_url": {"https://acme.atlassian.net"}, "email": {"a@example.com"}},
				map[string]string{"ACCEDE_OPSGENIE_API_TOKEN": "t"},
			},
			{url.Values{"dialect": {"opsgenie"}, "account": {"acme"}, "region": {"eu"}}, map[string]string{"ACCEDE_OPSGENIE_API_KEY": "k"}},
		},
		"pagerduty": {{
			url.Values{"subdomain": {"acme"}, "from": {"a@example.com"}, "client_id": {someID}},
			map[string]string{"ACCEDE_PAGERDUTY_CLIENT_SECRET": "s"},
		}},
		"servicenow": {{
			url.Values{"instance_url": {"https://acme.service-now.com"}, "client_id": {"0a1b"}},
			map[string]string{"ACCEDE_SERVICENOW_CLIENT_SECRET": "s"},
		}},
		"slack": {
			{nil, map[string]string{"ACCEDE_SLACK_BOT_TOKEN": "xoxb-1", "ACCEDE_SLACK_APP_TOKEN": "xapp-1"}},
			{url.Values{"mode": {"http"}, "workspace": {"T01234567"}}, map[string]string{"ACCEDE_SLACK_BOT_TOKEN": "xoxb-1", "ACCEDE_SLACK_SIGNING_SECRET": "s"}},
		},
		"teams": {{
			url.Values{"app_id": {someID}, "tenant": {someID}, "channels": {"#access-requests https://teams.microsoft.com/l/channel/19%3Aexample0example0@thread.tacv2/Access"}},
			map[string]string{"ACCEDE_TEAMS_APP_SECRET": "s"},
		}},
	}
}

// The pages offer exactly the plugins there are, under their names, and write configurations that those take.
func TestEveryPluginCanBeConnectedOnThePages(t *testing.T) {
	s, err := stack.New(t.Context(), stack.Options{Dir: t.TempDir(), Bin: built, Root: root()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	if err := s.StartCore(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin, err := s.Browse(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	page, err := admin.Open(t.Context(), "/admin/plugins")
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]string{}, map[string]string{}
	for _, entry := range catalog.All() {
		want[entry.Spec.Name] = entry.Spec.Title
	}
	for _, tile := range regexp.MustCompile(`id="tile-([a-z0-9]+)"[^>]*>([^<]*)<`).FindAllStringSubmatch(page, -1) {
		got[tile[1]] = html.UnescapeString(tile[2])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pages and the catalog of plugins differ; mend core/web/enrol: %s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(connecting()))); diff != "" {
		t.Errorf("this test has answers for other plugins than there are: %s", diff)
	}
	for _, entry := range catalog.All() {
		for _, answers := range connecting()[entry.Spec.Name] {
			taken(t, admin, entry, answers)
		}
	}
}

func taken(t *testing.T, admin *stack.Browser, entry catalog.Entry, answers answered) {
	t.Helper()
	name := entry.Spec.Name
	form := url.Values{"as": {"file"}, "secrets": {"environment"}}
	maps.Copy(form, answers.form)
	text, err := admin.Send(t.Context(), "/admin/plugins/"+name+"/configuration", form)
	if err != nil {
		t.Errorf("%s with %v: %v", name, answers.form, err)
		return
	}
	asked := map[string]string{}
	_, _, err = host.ParseSettings(entry.Spec, name+".yaml", []byte(text), func(key string) string {
		asked[key] = answers.environment[key]
		return answers.environment[key]
	})
	if err != nil {
		t.Errorf("%s does not take what the page wrote for %v: %v\n%s", name, answers.form, err, text)
	}
	if diff := cmp.Diff(len(answers.environment), len(asked)); diff != "" {
		t.Errorf("%s looks for %v: %s", name, asked, diff)
	}
}
