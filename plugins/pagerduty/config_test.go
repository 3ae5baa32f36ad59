package pagerduty

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	fine := func() *Config {
		c := NewConfig()
		c.Subdomain, c.From, c.APIKey = "acme", "accede@example.com", secret.New("key")
		return c
	}
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine":              {func(*Config) {}, nil},
		"scoped":            {func(c *Config) { c.APIKey, c.ClientID, c.ClientSecret = secret.String{}, "id", secret.New("s") }, nil},
		"nothing":           {func(c *Config) { *c = Config{} }, []string{"region: is", "subdomain: is missing", "api_key: is missing", "from: must be", "urgency: is"}},
		"both credentials":  {func(c *Config) { c.ClientID, c.ClientSecret = "id", secret.New("s") }, []string{"api_key: and client_id are both given"}},
		"half an app":       {func(c *Config) { c.APIKey, c.ClientID = secret.String{}, "id" }, []string{"client_secret: is missing"}},
		"the other half":    {func(c *Config) { c.APIKey, c.ClientSecret = secret.String{}, secret.New("s") }, []string{"client_id: is missing"}},
		"strange region":    {func(c *Config) { c.Region = "moon" }, []string{`region: is "moon"; use us or eu`}},
		"strange address":   {func(c *Config) { c.APIURL, c.IdentityURL = "api.pagerduty.com", "x" }, []string{"api_url: must be", "identity_url: must be"}},
		"whole host":        {func(c *Config) { c.Subdomain = "acme.pagerduty.com" }, []string{"subdomain: is missing or malformed"}},
		"name as from":      {func(c *Config) { c.From = "Accede <accede@example.com>" }, []string{"from: must be the e-mail address"}},
		"strange urgency":   {func(c *Config) { c.Urgency = "medium" }, []string{`urgency: is "medium"; use low or high`}},
		"too many calls":    {func(c *Config) { c.CallsPerMinute = 1000 }, []string{"calls_per_minute: is 1000"}},
		"names for ids":     {func(c *Config) { c.EscalationPolicy, c.OnCallPolicies = "Database", []string{"x y"} }, []string{"escalation_policy: must be an id", `on_call_policies: has "x y"`}},
		"unknown way":       {func(c *Config) { c.DecideBy = []Way{"acknowledge"} }, []string{`decide_by: has "acknowledge"`}},
		"no workflows":      {func(c *Config) { c.DecideBy = []Way{ByWorkflow} }, []string{"approve_workflow: is needed", "deny_workflow: is needed"}},
		"one workflow":      {func(c *Config) { c.DecideBy, c.ApproveWorkflow, c.DenyWorkflow = []Way{ByWorkflow}, "PWF1", "PWF1" }, []string{"deny_workflow: is the same"}},
		"no field":          {func(c *Config) { c.DecideBy = []Way{ByField} }, []string{"field: is needed"}},
		"secret for nobody": {func(c *Config) { c.WebhookSecret = secret.New("x") }, []string{"webhook_secret: has no use"}},
	} {
		broken := fine()
		c.spoil(broken)
		err := broken.Validate()
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
		config        Config
		api, identity string
	}{
		{Config{Region: RegionUS}, "https://api.pagerduty.com", "https://identity.pagerduty.com"},
		{Config{Region: RegionEU}, "https://api.eu.pagerduty.com", "https://identity.pagerduty.com"},
		{Config{APIURL: "http://127.0.0.1:4190/pagerduty/"}, "http://127.0.0.1:4190/pagerduty", "http://127.0.0.1:4190/pagerduty"},
		{Config{IdentityURL: "http://x/"}, "https://api.pagerduty.com", "http://x"},
	} {
		if c.config.api() != c.api || c.config.identity() != c.identity {
			t.Errorf("%+v: %s, %s", c.config, c.config.api(), c.config.identity())
		}
	}
}

// exampleFile is the part of the example that is ours.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	PagerDuty        *Config             `yaml:"pagerduty"`
}

func TestTheExampleLoads(t *testing.T) {
	file := exampleFile{PagerDuty: NewConfig()}
	env := map[string]string{"ACCEDE_PAGERDUTY_CLIENT_ID": "id", "ACCEDE_PAGERDUTY_CLIENT_SECRET": "secret"}
	if err := config.Decode("example.yaml", example, &file, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	if err := file.PagerDuty.Validate(); err != nil {
		t.Error(err)
	}
	if len(file.PagerDuty.DecideBy) != 0 || !file.PagerDuty.scoped() {
		t.Errorf("the example makes %+v", file.PagerDuty)
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
		file := exampleFile{PagerDuty: NewConfig()}
		changed := strings.Replace(text, line, "  "+suggestion, 1)
		if err := config.Decode("example.yaml", []byte(changed), &file, func(string) string { return "x" }); err != nil {
			t.Errorf("%s: %v", suggestion, err)
		}
	}
}
