package slack

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// Mode says how clicks reach the plugin.
type Mode string

// The modes. An empty mode is derived from the credentials: Socket Mode if there is an app token.
const (
	// ModeSocket: the plugin opens a connection to Slack; no inbound port is needed.
	ModeSocket Mode = "socket"
	// ModeHTTP: Slack posts signed callbacks to the plugin's public address.
	ModeHTTP Mode = "http"
)

const defaultAPIURL = "https://slack.com/api/"

// Config is Slack's part of the plugin's configuration.
type Config struct {
	// APIURL is where Slack's Web API is; only a sandbox or Slack for government changes it.
	APIURL config.Address `yaml:"api_url"`
	// BotToken posts messages; it starts with xoxb-.
	BotToken     secret.String `yaml:"bot_token"`
	BotTokenFile string        `yaml:"bot_token_file"`
	// AppToken opens Socket Mode connections; it starts with xapp-.
	AppToken     secret.String `yaml:"app_token"`
	AppTokenFile string        `yaml:"app_token_file"`
	// SigningSecret proves that an HTTP callback comes from Slack.
	SigningSecret     secret.String `yaml:"signing_secret"`
	SigningSecretFile string        `yaml:"signing_secret_file"`
	// Mode chooses between Socket Mode and HTTP callbacks.
	Mode Mode `yaml:"mode"`
	// Workspace is the team id (T…) that the bot token must belong to; empty takes the token's own.
	Workspace string `yaml:"workspace"`
	// AppID is the app's id (A…); when set, callbacks of any other app are refused.
	AppID string `yaml:"app_id"`
}

// NewConfig returns the defaults.
func NewConfig() *Config { return &Config{APIURL: defaultAPIURL} }

var (
	teamID = regexp.MustCompile(`^[TE][A-Z0-9]{2,30}$`)
	appID  = regexp.MustCompile(`^A[A-Z0-9]{2,30}$`)
)

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	base, err := url.Parse(c.APIURL.String())
	p.Check(err == nil && (base.Scheme == "https" || base.Scheme == "http") && base.Host != "",
		"api_url", "must be an http or https address such as %s", defaultAPIURL)
	c.validateTokens(&p)
	c.validateMode(&p)
	p.Check(c.Workspace == "" || teamID.MatchString(c.Workspace),
		"workspace", "must be a workspace id such as T01234567; it is in the address of your workspace in a browser")
	p.Check(c.AppID == "" || appID.MatchString(c.AppID),
		"app_id", "must be an app id such as A01234567; it is on the app's page \"Basic Information\"")
	return p.Err()
}

func (c *Config) validateTokens(p *config.Problems) {
	if c.BotToken.IsZero() {
		p.Add("bot_token", "is missing; copy the Bot User OAuth Token (xoxb-…) from the app's page \"OAuth & Permissions\"")
	} else if wrong := tokenFault(c.BotToken, "xoxb-", "xoxe.xoxb-"); wrong != "" {
		p.Add("bot_token", "%s; the Bot User OAuth Token (xoxb-…) from \"OAuth & Permissions\" belongs here", wrong)
	}
	if wrong := tokenFault(c.AppToken, "xapp-"); !c.AppToken.IsZero() && wrong != "" {
		p.Add("app_token", "%s; an App-Level Token (xapp-…) from \"Basic Information\" belongs here", wrong)
	}
	if !c.SigningSecret.IsZero() && strings.HasPrefix(c.SigningSecret.Reveal(), "xo") {
		p.Add("signing_secret", "is a token; the Signing Secret from \"Basic Information\" belongs here")
	}
}

// tokenFault says what a token is instead of what it should be, without showing it.
func tokenFault(token secret.String, prefixes ...string) string {
	for _, prefix := range prefixes {
		if strings.HasPrefix(token.Reveal(), prefix) {
			return ""
		}
	}
	kinds := []struct{ prefix, name string }{
		{"xoxb-", "is a bot token"},
		{"xapp-", "is an app-level token"},
		{"xoxp-", "is a user token"},
		{"xoxe-", "is a refresh token"},
	}
	for _, kind := range kinds {
		if strings.HasPrefix(token.Reveal(), kind.prefix) {
			return kind.name + " (" + kind.prefix + "…)"
		}
	}
	return "does not start with " + prefixes[0]
}

func (c *Config) validateMode(p *config.Problems) {
	switch c.Mode {
	case ModeSocket:
		p.Check(!c.AppToken.IsZero(), "app_token", "is needed for mode: socket; make an App-Level Token with connections:write")
	case ModeHTTP:
		p.Check(!c.SigningSecret.IsZero(), "signing_secret", "is needed for mode: http; copy it from \"Basic Information\"")
	case "":
	default:
		p.Add("mode", "is %q; use socket or http", string(c.Mode))
	}
}

// inbound is the mode in force, empty if clicks cannot reach the plugin.
func (c *Config) inbound() Mode {
	switch {
	case c.Mode != "":
		return c.Mode
	case !c.AppToken.IsZero():
		return ModeSocket
	case !c.SigningSecret.IsZero():
		return ModeHTTP
	default:
		return ""
	}
}

func (c *Config) mayListen(decideInChat bool) error {
	if c.inbound() == "" && decideInChat {
		return fmt.Errorf("clicks cannot reach this plugin: give app_token (Socket Mode) or signing_secret (HTTP callbacks), " +
			"or set decisions: link_only")
	}
	return nil
}
