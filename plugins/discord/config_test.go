package discord

import (
	"strings"
	"testing"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins/discord/discordsim"
)

func TestValidateNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	key := strings.Repeat("0123456789abcdef", 4)
	token := func(text string) func(*Config) { return func(c *Config) { c.BotToken = secret.New(text) } }
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  []string
	}{
		"fine":             {func(*Config) {}, nil},
		"fine over http":   {func(c *Config) { c.Mode, c.PublicKey = ModeHTTP, key }, nil},
		"everything said":  {func(c *Config) { c.ApplicationID, c.Guilds = "1200000000000000001", []string{"1100000000000000001"} }, nil},
		"nothing":          {func(c *Config) { *c = Config{} }, []string{"api_url", "bot_token: is missing", "Reset Token", "mode: is \"\""}},
		"word before":      {token("Bot " + discordsim.DemoBotToken), []string{"bot_token: begins with the word"}},
		"public key":       {token(key), []string{"bot_token: is the application's public key"}},
		"client secret":    {token("abcdefghijklmnopqrstuvwxyz012345"), []string{"bot_token: looks like the OAuth2 client secret"}},
		"id":               {token("1200000000000000001"), []string{"bot_token: is an id"}},
		"no token":         {token("hello"), []string{"bot_token: does not look like a bot token"}},
		"http without key": {func(c *Config) { c.Mode = ModeHTTP }, []string{"public_key: is needed for mode: http", "General Information"}},
		"strange key":      {func(c *Config) { c.PublicKey = "abc" }, []string{"public_key: must be 64 hexadecimal digits"}},
		"strange mode":     {func(c *Config) { c.Mode = "carrier pigeon" }, []string{`mode: is "carrier pigeon"; use gateway or http`}},
		"strange app":      {func(c *Config) { c.ApplicationID = "acme" }, []string{"application_id: must be digits"}},
		"strange guild":    {func(c *Config) { c.Guilds = []string{"acme"} }, []string{`guilds: "acme" is no server id`, "Developer Mode"}},
		"strange address":  {func(c *Config) { c.APIURL = "discord.com/api" }, []string{"api_url: must be an http or https address"}},
	} {
		broken := NewConfig()
		broken.BotToken = secret.New(discordsim.DemoBotToken)
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
		if err != nil && strings.Contains(err.Error(), discordsim.DemoBotToken) {
			t.Errorf("%s: the token leaks", name)
		}
	}
}
