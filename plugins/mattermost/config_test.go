package mattermost

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
)

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	fine := func() *Config {
		c := NewConfig()
		c.URL, c.Token = "https://chat.example.com", secret.New(mattermostsim.DemoToken)
		c.CallbackURL, c.Team = "https://accede.example.com/callback", "main"
		return c
	}
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine":               {func(*Config) {}, nil},
		"on a path":          {func(c *Config) { c.URL = "https://example.com/chat" }, nil},
		"no callback":        {func(c *Config) { c.CallbackURL = "" }, nil},
		"nothing":            {func(c *Config) { *c = *NewConfig() }, []string{"url: must be the server's address", "token: is missing"}},
		"no scheme":          {func(c *Config) { c.URL = "chat.example.com" }, []string{"url: must be"}},
		"with the API":       {func(c *Config) { c.URL = "https://chat.example.com/api/v4" }, []string{"url: must not contain /api/v4"}},
		"a token's name":     {func(c *Config) { c.Token = secret.New("accede") }, []string{"token: is not an access token"}},
		"odd callback":       {func(c *Config) { c.CallbackURL = "accede.example.com" }, []string{"callback_url: must be an address"}},
		"callback and query": {func(c *Config) { c.CallbackURL += "?a=b" }, []string{"callback_url: must be an address"}},
		"a plugin's path":    {func(c *Config) { c.CallbackURL = "https://chat.example.com/plugins/x" }, []string{"callback_url: must not lie under /plugins"}},
		"a team's title":     {func(c *Config) { c.Team = "Main Team" }, []string{"team: must be the team's name"}},
		"odd trust":          {func(c *Config) { c.Email = "sometimes" }, []string{`email: is "sometimes"; use sso, always or never`}},
		"odd tenant":         {func(c *Config) { c.Tenant = " x" }, []string{"tenant: must be"}},
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

func TestTheTenantIsTheHostUnlessSaidOtherwise(t *testing.T) {
	for want, c := range map[string]Config{
		"chat.example.com":      {URL: "https://chat.example.com/"},
		"chat.example.com/team": {URL: "https://chat.example.com/team"},
		"old.example.com":       {URL: "https://chat.example.com", Tenant: "old.example.com"},
	} {
		if got := c.tenant(); got != want {
			t.Errorf("%s: tenant %q, want %q", c.URL, got, want)
		}
	}
}

func TestWithoutAWayInDecisionsInChatDoNotStart(t *testing.T) {
	w := &world{t: t, logs: &obstest.Log{}}
	s := w.settings("http://127.0.0.1")
	s.config.CallbackURL = ""
	if _, err := open(t.Context(), &s.config, s.deps); err == nil || !strings.Contains(err.Error(), "decisions: link_only") {
		t.Errorf("opening: %v", err)
	}
	s.deps.DecideInChat = false
	if _, err := open(t.Context(), &s.config, s.deps); err != nil {
		t.Errorf("opening for links only: %v", err)
	}
}

// exampleFile is the part of the example that is ours.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Decisions        string              `yaml:"decisions"`
	Mattermost       *Config             `yaml:"mattermost"`
}

func TestTheExampleLoads(t *testing.T) {
	file := exampleFile{Mattermost: NewConfig()}
	env := map[string]string{"ACCEDE_MATTERMOST_TOKEN": mattermostsim.DemoToken}
	if err := config.Decode("example.yaml", example, &file, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	if err := file.Mattermost.Validate(); err != nil {
		t.Error(err)
	}
}
