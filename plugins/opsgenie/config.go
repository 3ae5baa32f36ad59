package opsgenie

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// Dialect is which of the two services the plugin speaks to.
type Dialect string

// The dialects.
const (
	// DialectJSM is Jira Service Management Operations.
	DialectJSM Dialect = "jsm"
	// DialectOpsgenie is Opsgenie itself, whose interface ends in 2027.
	DialectOpsgenie Dialect = "opsgenie"
)

// Region is where Opsgenie keeps the account.
type Region string

// The regions.
const (
	RegionUS Region = "us"
	RegionEU Region = "eu"
)

const (
	opsgenieUS = "https://api.opsgenie.com"
	opsgenieEU = "https://api.eu.opsgenie.com"
	atlassian  = "https://api.atlassian.com"

	standardCalls = 300
	maxCalls      = 6000
)

// Config is the vendor's part of the plugin's configuration.
type Config struct {
	// Dialect chooses the service: jsm or opsgenie.
	Dialect Dialect `yaml:"dialect"`
	// APIURL replaces the service's address; only a sandbox needs that.
	APIURL config.Address `yaml:"api_url"`

	// Account is Opsgenie's name of the account: acme in acme.app.opsgenie.com. Accounts are linked under it.
	Account string `yaml:"account"`
	// Region is where Opsgenie keeps the account; a key of one region opens nothing in the other.
	Region Region `yaml:"region"`
	// APIKey is an API key of the Opsgenie account.
	APIKey     secret.String `yaml:"api_key"`
	APIKeyFile string        `yaml:"api_key_file"`

	// CloudID is the id of the Atlassian site. Accounts are linked under it.
	CloudID string `yaml:"cloud_id"`
	// SiteURL is the site's own address, where people are looked up: https://acme.atlassian.net.
	SiteURL config.Address `yaml:"site_url"`
	// Email and APIToken are those of the Atlassian account in whose name the plugin works.
	Email        string        `yaml:"email"`
	APIToken     secret.String `yaml:"api_token"`
	APITokenFile string        `yaml:"api_token_file"`

	// Priority of new alerts, P1 to P5.
	Priority string `yaml:"priority"`
	// CallsPerMinute bounds what this replica asks of the service; 0 leaves that to the service.
	CallsPerMinute int `yaml:"calls_per_minute"`
	// CustomActions puts buttons into alerts that decide. Who pressed one is known as text only.
	CustomActions bool `yaml:"custom_actions"`
	// ActionLog is how a pressed button reads in an alert's log. Its group "action" is the button's name.
	ActionLog string `yaml:"action_log"`
	// WebhookSecret is what the service sends in the header X-Accede-Secret. Without it the plugin only polls.
	WebhookSecret     secret.String `yaml:"webhook_secret"`
	WebhookSecretFile string        `yaml:"webhook_secret_file"`
}

// standardActionLog takes buttons that were pressed by hand. Neither service documents the words.
const standardActionLog = `^(?i:executed) (?i:custom )?(?i:action )?\[?(?P<action>[^][]{1,50}?)\]?(?i: action)? (?i:via|from) (?i:web|mobile|android|ios)\b`

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{
		Dialect: DialectJSM, Region: RegionUS, Priority: "P5", CallsPerMinute: standardCalls, ActionLog: standardActionLog,
	}
}

var (
	accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	cloudID     = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// minWebhookSecret is because the secret is all there is: neither service signs.
const minWebhookSecret = 32

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	p.Check(c.APIURL == "" || isAddress(c.APIURL), "api_url", "must be an http or https address; leave it out for the service's own")
	switch c.Dialect {
	case DialectJSM:
		c.validateJSM(&p)
	case DialectOpsgenie:
		c.validateOpsgenie(&p)
	default:
		p.Add("dialect", "is %q; use jsm for Jira Service Management Operations, or opsgenie", string(c.Dialect))
	}
	p.Check(slices.Contains([]string{"P1", "P2", "P3", "P4", "P5"}, c.Priority), "priority", "is %q; use P1 to P5", c.Priority)
	p.Check(c.CallsPerMinute >= 0 && c.CallsPerMinute <= maxCalls, "calls_per_minute", "is %d; give 1 to %d, or 0 for no limit of its own",
		c.CallsPerMinute, maxCalls)
	c.validateActions(&p)
	return p.Err()
}

func isAddress(address config.Address) bool {
	parsed, err := url.Parse(address.String())
	return err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != ""
}

func (c *Config) validateJSM(p *config.Problems) {
	p.Check(cloudID.MatchString(c.CloudID), "cloud_id", "is missing or malformed; open https://YOUR-SITE.atlassian.net/_edge/tenant_info and copy it")
	p.Check(isAddress(c.SiteURL), "site_url", "must be the site's address, such as https://acme.atlassian.net")
	address, err := mail.ParseAddress(c.Email)
	p.Check(err == nil && address.Address == c.Email, "email", "must be the e-mail address of the account that the API token belongs to")
	p.Check(!c.APIToken.IsZero(), "api_token", "is missing; make one at https://id.atlassian.com/manage-profile/security/api-tokens")
	p.Check(c.APIKey.IsZero() && c.Account == "", "api_key", "and account belong to dialect: opsgenie; leave them out")
}

func (c *Config) validateOpsgenie(p *config.Problems) {
	p.Check(accountName.MatchString(c.Account), "account", "is missing or malformed; it is acme in acme.app.opsgenie.com")
	p.Check(c.Region == RegionUS || c.Region == RegionEU, "region", "is %q; use us or eu", string(c.Region))
	p.Check(!c.APIKey.IsZero(), "api_key", "is missing; make one under Settings > API key management")
	p.Check(c.APIToken.IsZero() && c.CloudID == "", "api_token", "and cloud_id belong to dialect: jsm; leave them out")
}

func (c *Config) validateActions(p *config.Problems) {
	pattern, err := regexp.Compile(c.ActionLog)
	p.Check(err == nil && pattern.SubexpIndex(actionGroup) > 0 && strings.HasPrefix(c.ActionLog, "^"), "action_log",
		"must be a regular expression that begins with ^ and has a group (?P<action>…); leave it out for the usual words")
	p.Check(c.WebhookSecret.IsZero() || c.CustomActions, "webhook_secret", "has no use without custom_actions: alerts carry a link to Accede")
	p.Check(c.WebhookSecret.IsZero() || len(c.WebhookSecret.Reveal()) >= minWebhookSecret, "webhook_secret",
		"is too short; the service signs nothing, so use %d random characters or more", minWebhookSecret)
}

// tenant is the account's or the site's name in identities.
func (c *Config) tenant() string {
	if c.Dialect == DialectJSM {
		return c.CloudID
	}
	return c.Account
}

// api is the service's address, without a slash at its end.
func (c *Config) api() string {
	switch {
	case c.APIURL != "":
		return strings.TrimRight(c.APIURL.String(), "/")
	case c.Dialect == DialectJSM:
		return atlassian
	case c.Region == RegionEU:
		return opsgenieEU
	default:
		return opsgenieUS
	}
}

func (c *Config) site() string { return strings.TrimRight(c.SiteURL.String(), "/") }
