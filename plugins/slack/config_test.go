package slack

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
)

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	fine := func() *Config {
		c := NewConfig()
		c.BotToken, c.AppToken, c.SigningSecret = secret.New("xoxb-1"), secret.New("xapp-1"), secret.New("0123456789abcdef0123456789abcdef")
		return c
	}
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine":                 {func(*Config) {}, nil},
		"rotated bot token":    {func(c *Config) { c.BotToken = secret.New("xoxe.xoxb-1") }, nil},
		"only a bot token":     {func(c *Config) { c.AppToken, c.SigningSecret = secret.String{}, secret.String{} }, nil},
		"nothing":              {func(c *Config) { *c = Config{} }, []string{"api_url", "bot_token: is missing", "OAuth & Permissions"}},
		"tokens swapped":       {func(c *Config) { c.BotToken, c.AppToken = c.AppToken, c.BotToken }, []string{"bot_token: is an app-level token", "app_token: is a bot token"}},
		"user token":           {func(c *Config) { c.BotToken = secret.New("xoxp-1") }, []string{"bot_token: is a user token"}},
		"refresh token":        {func(c *Config) { c.BotToken = secret.New("xoxe-1") }, []string{"bot_token: is a refresh token"}},
		"no token":             {func(c *Config) { c.BotToken = secret.New("hello") }, []string{"bot_token: does not start with xoxb-"}},
		"token as secret":      {func(c *Config) { c.SigningSecret = secret.New("xoxb-1") }, []string{"signing_secret: is a token"}},
		"socket without token": {func(c *Config) { c.Mode, c.AppToken = ModeSocket, secret.String{} }, []string{"app_token: is needed for mode: socket"}},
		"http without secret":  {func(c *Config) { c.Mode, c.SigningSecret = ModeHTTP, secret.String{} }, []string{"signing_secret: is needed for mode: http"}},
		"strange mode":         {func(c *Config) { c.Mode = "carrier pigeon" }, []string{`mode: is "carrier pigeon"; use socket or http`}},
		"strange workspace":    {func(c *Config) { c.Workspace = "acme" }, []string{"workspace: must be a workspace id"}},
		"strange app":          {func(c *Config) { c.AppID = "acme" }, []string{"app_id: must be an app id"}},
		"strange address":      {func(c *Config) { c.APIURL = "slack.com/api" }, []string{"api_url: must be an http or https address"}},
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

func TestTheModeFollowsFromTheCredentials(t *testing.T) {
	app, signing := secret.New("xapp-1"), secret.New("0123")
	for _, c := range []struct {
		config Config
		want   Mode
	}{
		{Config{}, ""},
		{Config{AppToken: app}, ModeSocket},
		{Config{SigningSecret: signing}, ModeHTTP},
		{Config{AppToken: app, SigningSecret: signing}, ModeSocket},
		{Config{AppToken: app, SigningSecret: signing, Mode: ModeHTTP}, ModeHTTP},
	} {
		if got := c.config.inbound(); got != c.want {
			t.Errorf("mode is %q, want %q", got, c.want)
		}
	}
}

func TestWithoutAWayInDecisionsInChatDoNotStart(t *testing.T) {
	w := &world{t: t, logs: &obstest.Log{}}
	s := w.settings("http://127.0.0.1")
	s.config.AppToken, s.config.SigningSecret = secret.String{}, secret.String{}
	if _, err := open(t.Context(), &s.config, s.deps); err == nil || !strings.Contains(err.Error(), "decisions: link_only") {
		t.Errorf("opening: %v", err)
	}
	s.deps.DecideInChat = false
	if _, err := open(t.Context(), &s.config, s.deps); err != nil {
		t.Errorf("opening for links only: %v", err)
	}
}

func TestOptionalAbilitiesFitTheMode(t *testing.T) {
	for mode, want := range map[Mode][2]bool{ModeHTTP: {true, false}, ModeSocket: {false, true}} {
		w := newWorld(t, func(s *setting) { s.config.Mode = mode })
		_, receives := w.bot.(plugins.Receiver)
		_, listens := w.bot.(plugins.Listener)
		if got := [2]bool{receives, listens}; got != want {
			t.Errorf("%s: receives and listens are %v, want %v", mode, got, want)
		}
	}
}

// exampleFile is the part of the example that is ours.
type exampleFile struct {
	Broker           map[string]string   `yaml:"broker"`
	HTTP             map[string]string   `yaml:"http"`
	RoleToRecipients map[string][]string `yaml:"role_to_recipients"`
	Decisions        string              `yaml:"decisions"`
	Slack            *Config             `yaml:"slack"`
}

func TestTheExampleLoads(t *testing.T) {
	file := exampleFile{Slack: NewConfig()}
	env := map[string]string{"ACCEDE_SLACK_BOT_TOKEN": "xoxb-1", "ACCEDE_SLACK_APP_TOKEN": "xapp-1"}
	if err := config.Decode("example.yaml", example, &file, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	if err := file.Slack.Validate(); err != nil {
		t.Error(err)
	}
	if file.Slack.inbound() != ModeSocket || file.Slack.APIURL != defaultAPIURL {
		t.Errorf("the example makes %+v", file.Slack)
	}
}
