package opsgenie

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

func fineJSM() *Config {
	c := NewConfig()
	c.CloudID, c.SiteURL = "1a2b3c4d-0000-4000-8000-000000000000", "https://acme.atlassian.net"
	c.Email, c.APIToken = "accede@example.com", secret.New("token")
	return c
}

func fineOpsgenie() *Config {
	c := NewConfig()
	c.Dialect, c.Account, c.APIKey = DialectOpsgenie, "acme", secret.New("key")
	return c
}

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		config *Config
		spoil  func(*Config)
		want   []string
	}{
		"jsm":               {fineJSM(), func(*Config) {}, nil},
		"opsgenie":          {fineOpsgenie(), func(*Config) {}, nil},
		"nothing":           {&Config{}, func(*Config) {}, []string{`dialect: is ""; use jsm`, "priority: is", "action_log: must be"}},
		"nothing of jsm":    {NewConfig(), func(*Config) {}, []string{"cloud_id: is missing", "site_url: must be", "email: must be", "api_token: is missing"}},
		"nothing of it":     {NewConfig(), func(c *Config) { c.Dialect = DialectOpsgenie }, []string{"account: is missing", "api_key: is missing"}},
		"strange dialect":   {fineJSM(), func(c *Config) { c.Dialect = "compass" }, []string{`dialect: is "compass"`}},
		"both, jsm":         {fineJSM(), func(c *Config) { c.APIKey = secret.New("x") }, []string{"api_key: and account belong to dialect: opsgenie"}},
		"both, opsgenie":    {fineOpsgenie(), func(c *Config) { c.APIToken = secret.New("x") }, []string{"api_token: and cloud_id belong to dialect: jsm"}},
		"strange region":    {fineOpsgenie(), func(c *Config) { c.Region = "moon" }, []string{`region: is "moon"; use us or eu`}},
		"strange cloud id":  {fineJSM(), func(c *Config) { c.CloudID = "acme" }, []string{"cloud_id: is missing or malformed", "tenant_info"}},
		"strange addresses": {fineJSM(), func(c *Config) { c.APIURL, c.SiteURL = "x", "acme" }, []string{"api_url: must be", "site_url: must be"}},
		"whole host":        {fineOpsgenie(), func(c *Config) { c.Account = "acme.app.opsgenie.com" }, []string{"account: is missing or malformed"}},
		"name as email":     {fineJSM(), func(c *Config) { c.Email = "Accede <accede@example.com>" }, []string{"email: must be"}},
		"strange priority":  {fineJSM(), func(c *Config) { c.Priority = "low" }, []string{`priority: is "low"; use P1 to P5`}},
		"too many calls":    {fineJSM(), func(c *Config) { c.CallsPerMinute = 10_000 }, []string{"calls_per_minute: is 10000"}},
		"broken pattern":    {fineJSM(), func(c *Config) { c.ActionLog = "^(" }, []string{"action_log: must be"}},
		"loose pattern":     {fineJSM(), func(c *Config) { c.ActionLog = "(?P<action>approve)" }, []string{"action_log: must be"}},
		"blind pattern":     {fineJSM(), func(c *Config) { c.ActionLog = "^(approve)" }, []string{"action_log: must be"}},
		"secret for nobody": {fineJSM(), func(c *Config) { c.WebhookSecret = secret.New(strings.Repeat("x", 40)) }, []string{"webhook_secret: has no use"}},
		"short secret":      {fineJSM(), func(c *Config) { c.CustomActions, c.WebhookSecret = true, secret.New("short") }, []string{"webhook_secret: is too short"}},
	} {
		c.spoil(c.config)
		err := c.config.Validate()
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range c.want {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		config     Config
		api, alert string
		tenant     string
	}{
		{Config{Dialect: DialectOpsgenie, Account: "acme", Region: RegionUS}, "https://api.opsgenie.com", "https://api.opsgenie.com/v2/alerts", "acme"},
		{Config{Dialect: DialectOpsgenie, Account: "acme", Region: RegionEU}, "https://api.eu.opsgenie.com", "https://api.eu.opsgenie.com/v2/alerts", "acme"},
		{Config{Dialect: DialectJSM, CloudID: "c"}, "https://api.atlassian.com", "https://api.atlassian.com/jsm/ops/api/c/v1/alerts", "c"},
		{Config{Dialect: DialectJSM, CloudID: "c", APIURL: "http://x/y/"}, "http://x/y", "http://x/y/jsm/ops/api/c/v1/alerts", "c"},
	} {
		if got := c.config.api(); got != c.api {
			t.Errorf("%+v: %s", c.config, got)
		}
		if got := dialectOf(&c.config).address("/alerts"); got != c.alert || c.config.tenant() != c.tenant {
			t.Errorf("%+v: %s, %s", c.config, got, c.config.tenant())
		}
	}
	site := dialectOf(&Config{Dialect: DialectJSM, CloudID: "c", SiteURL: "https://acme.atlassian.net/"})
	for path, want := range map[string]string{
		"/rest/api/3/user": "https://acme.atlassian.net/rest/api/3/user", tenantPath: "https://acme.atlassian.net/_edge/tenant_info",
	} {
		if got := site.address(path); got != want {
			t.Errorf("%s is at %s", path, got)
		}
	}
}

// exampleFile is the part of the example that is ours.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Opsgenie         *Config             `yaml:"opsgenie"`
}

func TestTheExampleLoads(t *testing.T) {
	file := exampleFile{Opsgenie: NewConfig()}
	if err := config.Decode("example.yaml", example, &file, func(string) string { return "x" }); err != nil {
		t.Fatal(err)
	}
	if err := file.Opsgenie.Validate(); err != nil {
		t.Error(err)
	}
	if file.Opsgenie.CustomActions || file.Opsgenie.Dialect != DialectJSM {
		t.Errorf("the example makes %+v", file.Opsgenie)
	}
}

// TestEverythingInTheExampleLoads uncomments each of its suggestions.
func TestEverythingInTheExampleLoads(t *testing.T) {
	text := string(example)
	for _, line := range strings.Split(text, "\n") {
		suggestion, ok := strings.CutPrefix(line, "  # ")
		key, _, isKey := strings.Cut(suggestion, ": ")
		if !ok || !isKey || strings.ContainsAny(key, " ") {
			continue
		}
		file := exampleFile{Opsgenie: NewConfig()}
		changed := strings.Replace(text, line, "  "+suggestion, 1)
		if err := config.Decode("example.yaml", []byte(changed), &file, func(string) string { return "x" }); err != nil {
			t.Errorf("%s: %v", suggestion, err)
		}
	}
}
