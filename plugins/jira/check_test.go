package jira

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/jira/jirasim"
)

func TestCheckFindsNothingWrong(t *testing.T) {
	editions(t, func(t *testing.T, change ...func(*setting)) {
		w := newWorld(t, append(change, func(s *setting) {
			s.config.PrivateRole, s.config.TokenExpires = "Reviewers", time.Now().AddDate(1, 0, 0).Format(dayLayout)
		})...)
		if found := w.bot.Check(t.Context(), []string{"AR", "OPS"}); len(found) != 0 {
			t.Errorf("found %+v", found)
		}
	})
}

// misconfigurations are what can be wrong, by what check says first.
func misconfigurations() map[string]struct {
	change func(*setting)
	fix    string
} {
	type wrong = struct {
		change func(*setting)
		fix    string
	}
	without := func(permission string) func(*setting) {
		return func(s *setting) {
			own := &s.site.Users[0]
			own.Permissions = slices.DeleteFunc(slices.Clone(own.Permissions), func(p string) bool { return p == permission })
		}
	}
	return map[string]wrong{
		"The token does not work":              {func(s *setting) { s.config.Token = secret.New("wrong") }, "check token and email"},
		"The token ended on":                   {func(s *setting) { s.config.TokenExpires = "2020-01-01" }, "Make a new token"},
		"The token ends on":                    {func(s *setting) { s.config.TokenExpires = time.Now().AddDate(0, 0, 9).Format(dayLayout) }, "before that"},
		"There is no project \"AR\"":           {func(s *setting) { s.site.Projects[0].Key = "XX" }, "role_to_recipients"},
		"lacks the permission Create Issues":   {without("CREATE_ISSUES"), "Project settings"},
		"lacks the permission Edit Issues":     {without("EDIT_ISSUES"), "Project settings"},
		"lacks the permission Add Comments":    {without("ADD_COMMENTS"), "Project settings"},
		"lacks the permission Transition":      {without("TRANSITION_ISSUES"), "Project settings"},
		"has no issue type \"Bug\"":            {func(s *setting) { s.config.IssueType = "Bug" }, "\"Task\" (10001)"},
		"need the field \"customfield_10010\"": {func(s *setting) { s.site.Projects[0].Required = []string{"customfield_10010"} }, "under fields"},
		"is not on the screen for creating issues": {
			func(s *setting) { s.config.Fields = map[string]any{"customfield_10099": 1} }, "screen",
		},
		"have no status with the id 4711": {func(s *setting) { s.config.Statuses.Expired = "4711" }, "10001 = \"Waiting\""},
		"has no role \"Nobody\"":          {func(s *setting) { s.config.PrivateRole = "Nobody" }, "Reviewers"},
		"This Jira is of another edition": {func(s *setting) { s.config.Edition = Cloud; s.site.Cloud = true; s.site.Deployment = "Server" }, "data_center"},
		"Jira could not be reached":       {func(s *setting) { s.config.URL = "http://127.0.0.1:1" }, "check url, network"},
		"tokens of service accounts":      {func(s *setting) { s.config.Token = secret.New(jirasim.DemoServiceToken) }, "api.atlassian.com/ex/jira"},
		"answered with a web page":        {func(s *setting) { s.site.Login = true }, "single sign-on"},
	}
}

func TestCheckFindsEachMisconfiguration(t *testing.T) {
	for says, wrong := range misconfigurations() {
		t.Run(says, func(t *testing.T) {
			w := newWorld(t, wrong.change)
			found := w.bot.Check(t.Context(), []string{"AR"})
			for _, f := range found {
				if strings.Contains(f.What+f.Fix, says) && strings.Contains(f.Fix, wrong.fix) {
					return
				}
			}
			t.Errorf("found %+v, want %q and the fix %q", found, says, wrong.fix)
		})
	}
}

func TestATokenOfAServiceAccountWorksAtTheGateway(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.config.Token = secret.New(jirasim.DemoServiceToken)
		s.config.URL = config.Address(s.config.URL.String() + "/ex/jira/" + jirasim.DemoCloudID)
	})
	w.post(demoCard())
}

// TestTheDocumentationKnowsWhatThePluginSays keeps the page for users in step with the plugin.
func TestTheDocumentationKnowsWhatThePluginSays(t *testing.T) {
	raw, err := os.ReadFile("../../docs/plugins/jira.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(raw)), " ")
	for _, one := range permissions() {
		if !strings.Contains(page, one.name) {
			t.Errorf("docs/plugins/jira.md does not name the permission %s", one.name)
		}
	}
	for says := range misconfigurations() {
		short, _, _ := strings.Cut(says, " \"")
		if strings.HasPrefix(says, "lacks the permission") {
			short = "lacks the permission"
		}
		if !strings.Contains(page, strings.TrimSuffix(short, " 4711")) {
			t.Errorf("docs/plugins/jira.md does not explain %q", short)
		}
	}
	for _, said := range []string{sayApp, sayMarks, sayMovedAway, sayForeign, sayNoVerdict, sayInactive} {
		sentence := strings.TrimPrefix(said, "Nothing was recorded: ")
		if short := sentence[:30]; !strings.Contains(page, short) {
			t.Errorf("docs/plugins/jira.md does not explain %q", short)
		}
	}
	for _, name := range []string{"X-Hub-Signature", "/callback", "vendor_poll", "index_delay", "private_role", "transition_fields", "token_expires", "requests_per_second"} {
		if !strings.Contains(page, name) {
			t.Errorf("docs/plugins/jira.md does not explain %s", name)
		}
	}
}
