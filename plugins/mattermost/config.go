package mattermost

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// EmailTrust says when an e-mail address is enough to write to an account. It never serves to tell who clicked.
type EmailTrust string

// The degrees of trust.
const (
	// EmailSSO: when the account signs in through single sign-on, so that its address comes from there.
	EmailSSO EmailTrust = "sso"
	// EmailAlways: the operator knows that every address on the server is verified.
	EmailAlways EmailTrust = "always"
	// EmailNever: people are reached once they have connected their account.
	EmailNever EmailTrust = "never"
)

// Config is Mattermost's part of the plugin's configuration.
type Config struct {
	// URL is the server's address, without /api/v4.
	URL config.Address `yaml:"url"`
	// Token is the bot account's access token.
	Token     secret.String `yaml:"token"`
	TokenFile string        `yaml:"token_file"`
	// CallbackURL is where the Mattermost server reaches the plugin's /callback.
	CallbackURL config.Address `yaml:"callback_url"`
	// Team is the name of the team whose channels may be given without one.
	Team string `yaml:"team"`
	// Email says when an e-mail address is enough to write to an account.
	Email EmailTrust `yaml:"email"`
	// Tenant names the server in identities; the address's host if empty.
	Tenant string `yaml:"tenant"`
}

// NewConfig returns the defaults.
func NewConfig() *Config { return &Config{Email: EmailSSO} }

// usualToken and usualName are how Mattermost makes tokens and names teams.
var (
	usualToken = regexp.MustCompile(`^[a-z0-9]{26}$`)
	usualName  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
)

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	p.Check(isAddress(c.URL.String()), "url", "must be the server's address, such as https://chat.example.com")
	p.Check(!strings.Contains(c.URL.String(), "/api/v4"), "url", "must not contain /api/v4; the plugin adds it")
	p.Check(!c.Token.IsZero(), "token", "is missing; copy the access token that Mattermost showed when the bot account was made")
	p.Check(c.Token.IsZero() || usualToken.MatchString(c.Token.Reveal()), "token",
		"is not an access token: those have 26 lower-case letters and digits; the token's ID next to it looks alike, but is not it")
	c.validateCallback(&p)
	p.Check(c.Team == "" || usualName.MatchString(c.Team),
		"team", "must be the team's name as in its address, such as main in https://chat.example.com/main/channels/…")
	switch c.Email {
	case EmailSSO, EmailAlways, EmailNever:
	default:
		p.Add("email", "is %q; use sso, always or never", string(c.Email))
	}
	p.Check(len(c.Tenant) <= maxName && strings.TrimSpace(c.Tenant) == c.Tenant, "tenant", "must be a short name such as chat.example.com")
	return p.Err()
}

func (c *Config) validateCallback(p *config.Problems) {
	if c.CallbackURL == "" {
		return
	}
	to, err := url.Parse(c.CallbackURL.String())
	if err != nil || !isAddress(c.CallbackURL.String()) || to.RawQuery != "" || to.Fragment != "" || to.User != nil {
		p.Add("callback_url", "must be an address such as https://accede-mattermost.example.com/callback")
		return
	}
	// Mattermost adds the session token of whoever clicked to calls of its own plugins, and tells them by this path.
	server, err := url.Parse(c.URL.String())
	if err == nil && to.Hostname() == server.Hostname() && strings.Contains(to.Path, "/plugins") {
		p.Add("callback_url", "must not lie under /plugins of the Mattermost server, which is for its own plugins")
	}
}

func isAddress(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != "" && parsed.User == nil
}

// tenant names the server in identities.
func (c *Config) tenant() string {
	if c.Tenant != "" {
		return c.Tenant
	}
	parsed, err := url.Parse(c.URL.String())
	if err != nil {
		return c.URL.String()
	}
	return strings.TrimSuffix(parsed.Host+parsed.Path, "/")
}

// callback is the address of one of the plugin's doors.
func (c *Config) callback(door string) string {
	return strings.TrimSuffix(c.CallbackURL.String(), "/") + door
}

func (c *Config) mayListen(decideInChat bool) error {
	if c.CallbackURL == "" && decideInChat {
		return errors.New("clicks cannot reach this plugin: give callback_url, or set decisions: link_only")
	}
	return nil
}
