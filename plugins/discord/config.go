package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"net/url"
	"regexp"
	"strings"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// Mode says how clicks reach the plugin.
type Mode string

// The modes. An application has one or the other: as soon as it has an Interactions Endpoint URL, the Gateway no longer
// carries clicks.
const (
	// ModeGateway: the plugin opens a connection to Discord; no inbound port is needed.
	ModeGateway Mode = "gateway"
	// ModeHTTP: Discord posts signed callbacks to the plugin's public address.
	ModeHTTP Mode = "http"
)

const defaultAPIURL = "https://discord.com/api/v10"

// Config is Discord's part of the plugin's configuration.
type Config struct {
	// APIURL is where Discord's API is, its version included; only a sandbox changes it.
	APIURL config.Address `yaml:"api_url"`
	// BotToken is the bot's token, without the word "Bot" in front.
	BotToken     secret.String `yaml:"bot_token"`
	BotTokenFile string        `yaml:"bot_token_file"`
	// Mode chooses between the Gateway and HTTP callbacks.
	Mode Mode `yaml:"mode"`
	// PublicKey proves that an HTTP callback comes from Discord. It is no secret.
	PublicKey string `yaml:"public_key"`
	// ApplicationID is the application that the token must belong to; empty takes the token's own.
	ApplicationID string `yaml:"application_id"`
	// Guilds are the servers in which clicks count; empty means every server that the bot is in.
	Guilds []string `yaml:"guilds"`
}

// NewConfig returns the defaults.
func NewConfig() *Config { return &Config{APIURL: defaultAPIURL, Mode: ModeGateway} }

var (
	// snowflake is an id as Discord writes it: https://discord.com/developers/docs/reference#snowflakes.
	snowflake = regexp.MustCompile(`^[0-9]{15,20}$`)
	botToken  = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
	// hexKey and shortSecret are what gets pasted in the token's place.
	hexKey      = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	shortSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`)
)

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	base, err := url.Parse(c.APIURL.String())
	p.Check(err == nil && (base.Scheme == "https" || base.Scheme == "http") && base.Host != "" && base.RawQuery == "",
		"api_url", "must be an http or https address such as %s", defaultAPIURL)
	if wrong := tokenFault(c.BotToken); wrong != "" {
		p.Add("bot_token", "%s", wrong)
	}
	c.validateMode(&p)
	p.Check(c.ApplicationID == "" || snowflake.MatchString(c.ApplicationID),
		"application_id", "must be digits only; copy the Application ID from the page \"General Information\"")
	for _, guild := range c.Guilds {
		p.Check(snowflake.MatchString(guild),
			"guilds", "%q is no server id; switch Developer Mode on in Discord, right-click the server and press \"Copy Server ID\"", guild)
	}
	return p.Err()
}

func (c *Config) validateMode(p *config.Problems) {
	switch c.Mode {
	case ModeGateway:
	case ModeHTTP:
		p.Check(c.PublicKey != "", "public_key", "is needed for mode: http; copy the Public Key from the page \"General Information\"")
	default:
		p.Add("mode", "is %q; use gateway or http", string(c.Mode))
	}
	p.Check(c.PublicKey == "" || hexKey.MatchString(c.PublicKey),
		"public_key", "must be 64 hexadecimal digits; copy the Public Key from the page \"General Information\"")
}

// tokenFault says what is wrong with a bot token, without showing it; empty if it looks like one.
func tokenFault(token secret.String) string {
	const cure = "; the token from the page \"Bot\" belongs here"
	text := token.Reveal()
	switch {
	case text == "":
		return "is missing" + cure + "; Discord shows it only right after \"Reset Token\""
	case strings.HasPrefix(text, "Bot "):
		return "begins with the word \"Bot\"; leave that out"
	case hexKey.MatchString(text):
		return "is the application's public key" + cure
	case snowflake.MatchString(text):
		return "is an id" + cure
	case shortSecret.MatchString(text):
		return "looks like the OAuth2 client secret" + cure
	case !botToken.MatchString(text):
		return "does not look like a bot token, which has three parts with dots between" + cure
	default:
		return ""
	}
}

// key is the public key; nil if there is none. Validate has seen that it can be read.
func (c *Config) key() ed25519.PublicKey {
	raw, err := hex.DecodeString(c.PublicKey)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil
	}
	return raw
}
