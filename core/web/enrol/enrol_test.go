package enrol_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/core/web/enrol"
)

func find(t testing.TB, name string) enrol.Vendor {
	t.Helper()
	vendor, ok := enrol.Find(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return vendor
}

// filled are the defaults with more answers.
func filled(vendor enrol.Vendor, more enrol.Answers) enrol.Answers {
	answers := vendor.Defaults()
	for name, answer := range more {
		answers[name] = answer
	}
	return answers
}

func TestConfig(t *testing.T) {
	slack := find(t, "slack")
	got := slack.Config(filled(slack, enrol.Answers{enrol.Recipients: "#a: b\r\n\r\n alice@example.com ", "workspace": "T0"}))
	want := `# The configuration of accede-slack. It holds no secrets; it says where they are.
# All settings: https://github.com/accede/accede/blob/main/docs/plugins/slack.md
broker:
  credential_file: slack.creds
http:
  listen: 127.0.0.1:4191
role_to_recipients:
  "*": ["#a: b", alice@example.com]
decisions: in_chat
slack:
  mode: socket
  workspace: T0
  bot_token_file: /run/secrets/slack_bot_token
  app_token_file: /run/secrets/slack_app_token
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConfigOfAnswersThatDependOnOthers(t *testing.T) {
	email := find(t, "email")
	answers := filled(email, enrol.Answers{
		"from": "a@b.example", "through": "mailgun", "smtp.host": "left over", "smtp.username": "left over", "mailgun.domain": "mg.example.com",
		enrol.Keep: enrol.KeepEnv, enrol.Recipients: "", enrol.Listen: "",
	})
	got := email.Config(answers)
	if strings.Contains(got, "left over") || strings.Contains(got, "smtp") || strings.Contains(got, "http:\n") {
		t.Errorf("the configuration has what was not asked for:\n%s", got)
	}
	for _, line := range []string{"decisions: link_only", `"*": []`, "domain: mg.example.com", `api_key: "${ACCEDE_EMAIL_API_KEY}"`} {
		if !strings.Contains(got, line) {
			t.Errorf("the configuration lacks %q:\n%s", line, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		plugin string
		more   enrol.Answers
		want   []string
	}{
		{"slack", nil, nil},
		{"mine", nil, nil},
		{"slack", enrol.Answers{"mode": "telepathy"}, []string{"mode"}},
		{"slack", enrol.Answers{"workspace": "a\nb"}, []string{"workspace"}},
		{"slack", enrol.Answers{"workspace": strings.Repeat("x", 5000)}, []string{"workspace"}},
		{"discord", enrol.Answers{"mode": "http"}, []string{"public_key"}},
		{"email", nil, []string{"from", "smtp.host"}},
		{"email", enrol.Answers{"from": "a@b.example", "through": "mailgun"}, []string{"mailgun.domain"}},
		{"teams", enrol.Answers{"app_id": "x", "tenant": "x", "channels": "#general"}, []string{"channels"}},
	} {
		vendor, _ := enrol.Find(test.plugin)
		var got []string
		for _, fault := range vendor.Check(filled(vendor, test.more)) {
			got = append(got, fault.Name)
			if !strings.HasSuffix(fault.Message, ".") {
				t.Errorf("%s: %q is no sentence", test.plugin, fault.Message)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s with %v: %s", test.plugin, test.more, diff)
		}
	}
}

func TestVendorsAreWhole(t *testing.T) {
	var names []string
	for _, vendor := range enrol.Vendors() {
		names = append(names, vendor.Name)
		if vendor.Title == "" || vendor.About == "" || len(vendor.Steps) == 0 || vendor.Recipient == "" || vendor.Listen == "" || len(vendor.Secrets) == 0 {
			t.Errorf("%s is not described whole", vendor.Name)
		}
		asked := map[string]bool{}
		for _, question := range vendor.All() {
			if asked[question.Name] || question.Label == "" {
				t.Errorf("%s: %q is asked twice or has no label", vendor.Name, question.Name)
			}
			for _, only := range question.Only {
				if !asked[only.Name] {
					t.Errorf("%s: %q depends on %q, which was not asked before", vendor.Name, question.Name, only.Name)
				}
			}
			asked[question.Name] = true
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("%v are not in order", names)
	}
}

// Whatever was answered, the file is YAML that says just that.
func FuzzAnswersStayAnswers(f *testing.F) {
	for _, seed := range []string{"", "plain", "a: b\nc: d", "\"", "'", "- x", "*anchor", "!tag", "# no", "${HOME}", "{{x}}", "\x00", "\u2028", "yes", "007", "|", "~", "<<", "\ufeff"} {
		f.Add(seed, seed)
	}
	slack := find(f, "slack")
	f.Fuzz(func(t *testing.T, workspace, recipients string) {
		answers := filled(slack, enrol.Answers{"workspace": workspace, enrol.Recipients: recipients})
		if len(slack.Check(answers)) > 0 {
			return
		}
		text := slack.Config(answers)
		var read struct {
			Recipients map[string][]string `yaml:"role_to_recipients"`
			Slack      map[string]string
		}
		if err := yaml.Unmarshal([]byte(text), &read); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if read.Slack["workspace"] != workspace || len(read.Slack) < 3 {
			t.Errorf("%q became %q in\n%s", workspace, read.Slack, text)
		}
	})
}
