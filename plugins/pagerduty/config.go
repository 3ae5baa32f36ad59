package pagerduty

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// Way is a way to decide inside PagerDuty.
type Way string

// The ways. Without any of them people decide in the core, through the link in the incident.
const (
	// ByWorkflow: a person runs one of two incident workflows by hand.
	ByWorkflow Way = "workflow"
	// ByField: a person sets a custom field of the incident to approve or deny.
	ByField Way = "field"
	// ByNote: a person writes a note that says /approve or /deny and nothing else.
	ByNote Way = "note"
)

// Region is where PagerDuty keeps the account.
type Region string

// The service regions.
const (
	RegionUS Region = "us"
	RegionEU Region = "eu"
)

const (
	defaultAPI      = "https://api.pagerduty.com"
	defaultAPIEU    = "https://api.eu.pagerduty.com"
	defaultIdentity = "https://identity.pagerduty.com"
)

// Config is PagerDuty's part of the plugin's configuration.
type Config struct {
	// Region chooses PagerDuty's addresses, and the account that a scoped token is for.
	Region Region `yaml:"region"`
	// APIURL and IdentityURL replace the addresses; only a sandbox needs that.
	APIURL      config.Address `yaml:"api_url"`
	IdentityURL config.Address `yaml:"identity_url"`
	// Subdomain is the account's own part of its address: acme in acme.pagerduty.com. Accounts are linked under it.
	Subdomain string `yaml:"subdomain"`
	// APIKey is a REST API key of the account or of a user.
	APIKey     secret.String `yaml:"api_key"`
	APIKeyFile string        `yaml:"api_key_file"`
	// ClientID and ClientSecret are those of an app with scoped OAuth, which is the better choice.
	ClientID         string        `yaml:"client_id"`
	ClientSecret     secret.String `yaml:"client_secret"`
	ClientSecretFile string        `yaml:"client_secret_file"`
	// From is the e-mail address of the PagerDuty user in whose name the plugin writes.
	From string `yaml:"from"`
	// Urgency of new incidents: low or high. High wakes people up.
	Urgency string `yaml:"urgency"`
	// EscalationPolicy and Priority of new incidents, by id; empty leaves them to the service.
	EscalationPolicy string `yaml:"escalation_policy"`
	Priority         string `yaml:"priority"`
	// CallsPerMinute bounds what this replica asks of PagerDuty; 0 leaves that to PagerDuty.
	CallsPerMinute int `yaml:"calls_per_minute"`
	// OnCallPolicies are the ids of the only escalation policies whose levels count for on-call approval; none means all.
	OnCallPolicies []string `yaml:"on_call_policies"`
	// DecideBy are the ways in which people may decide inside PagerDuty.
	DecideBy []Way `yaml:"decide_by"`
	// ApproveWorkflow and DenyWorkflow are the ids of the incident workflows that decide.
	ApproveWorkflow string `yaml:"approve_workflow"`
	DenyWorkflow    string `yaml:"deny_workflow"`
	// Field is the name of the custom field that decides.
	Field string `yaml:"field"`
	// WebhookSecret proves that a webhook comes from PagerDuty. Without it the plugin only polls.
	WebhookSecret     secret.String `yaml:"webhook_secret"`
	WebhookSecretFile string        `yaml:"webhook_secret_file"`
	// WebhookSubscription is the id of the subscription, so that check can look after it.
	WebhookSubscription string `yaml:"webhook_subscription"`
}

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{Region: RegionUS, Urgency: "low", CallsPerMinute: standardCalls}
}

var (
	objectID  = regexp.MustCompile(`^[A-Z0-9]{4,30}$`)
	subdomain = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
)

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	p.Check(c.Region == RegionUS || c.Region == RegionEU, "region", "is %q; use us or eu", string(c.Region))
	p.Check(isAddress(c.APIURL), "api_url", "must be an http or https address; leave it out for PagerDuty's own")
	p.Check(isAddress(c.IdentityURL), "identity_url", "must be an http or https address; leave it out for PagerDuty's own")
	p.Check(subdomain.MatchString(c.Subdomain), "subdomain", "is missing or malformed; it is acme in acme.pagerduty.com")
	p.Check(c.Urgency == "low" || c.Urgency == "high", "urgency", "is %q; use low or high", c.Urgency)
	p.Check(c.CallsPerMinute >= 0 && c.CallsPerMinute <= maxCalls, "calls_per_minute", "is %d; give 1 to %d, or 0 for no limit of its own",
		c.CallsPerMinute, maxCalls)
	c.validateCredentials(&p)
	c.validateIDs(&p)
	c.validateWays(&p)
	return p.Err()
}

func isAddress(address config.Address) bool {
	parsed, err := url.Parse(address.String())
	return address == "" || err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != ""
}

func (c *Config) validateCredentials(p *config.Problems) {
	scoped := c.ClientID != "" || !c.ClientSecret.IsZero()
	switch {
	case c.APIKey.IsZero() && !scoped:
		p.Add("api_key", "is missing; give api_key, or client_id and client_secret of an app with scoped OAuth")
	case !c.APIKey.IsZero() && scoped:
		p.Add("api_key", "and client_id are both given; keep one of them")
	case scoped && c.ClientID == "":
		p.Add("client_id", "is missing; it stands next to the client secret on the app's page")
	case scoped && c.ClientSecret.IsZero():
		p.Add("client_secret", "is missing; PagerDuty shows it once, when the app's OAuth is set up")
	}
	address, err := mail.ParseAddress(c.From)
	p.Check(err == nil && address.Address == c.From, "from",
		"must be the e-mail address of a PagerDuty user, such as accede@example.com; PagerDuty refuses to write without it")
}

func (c *Config) validateIDs(p *config.Problems) {
	for _, field := range []struct{ path, id string }{
		{"escalation_policy", c.EscalationPolicy},
		{"priority", c.Priority},
		{"approve_workflow", c.ApproveWorkflow},
		{"deny_workflow", c.DenyWorkflow},
		{"webhook_subscription", c.WebhookSubscription},
	} {
		p.Check(field.id == "" || objectID.MatchString(field.id), field.path, "must be an id such as PT4KHLK; it is at the end of "+
			"the address of its page")
	}
	for _, id := range c.OnCallPolicies {
		p.Check(objectID.MatchString(id), "on_call_policies", "has %q; give ids such as PT20YPA", id)
	}
}

func (c *Config) validateWays(p *config.Problems) {
	for _, way := range c.DecideBy {
		switch way {
		case ByWorkflow:
			p.Check(c.ApproveWorkflow != "", "approve_workflow", "is needed for decide_by: [workflow]")
			p.Check(c.DenyWorkflow != "", "deny_workflow", "is needed for decide_by: [workflow]")
			p.Check(c.ApproveWorkflow == "" || c.ApproveWorkflow != c.DenyWorkflow, "deny_workflow", "is the same as approve_workflow")
		case ByField:
			p.Check(c.Field != "", "field", "is needed for decide_by: [field]; give the custom field's name, not its display name")
		case ByNote:
		default:
			p.Add("decide_by", "has %q; use workflow, field or note", string(way))
		}
	}
	p.Check(c.WebhookSecret.IsZero() || len(c.DecideBy) > 0, "webhook_secret",
		"has no use while decide_by is empty: incidents carry a link to Accede")
}

func (c *Config) allows(way Way) bool { return slices.Contains(c.DecideBy, way) }

func (c *Config) scoped() bool { return c.ClientID != "" }

// api is the address of the REST API, without a slash at its end.
func (c *Config) api() string {
	switch {
	case c.APIURL != "":
		return trimmed(c.APIURL)
	case c.Region == RegionEU:
		return defaultAPIEU
	default:
		return defaultAPI
	}
}

// identity is the address of the service that gives scoped tokens. A sandbox has it next to the API.
func (c *Config) identity() string {
	switch {
	case c.IdentityURL != "":
		return trimmed(c.IdentityURL)
	case c.APIURL != "":
		return trimmed(c.APIURL)
	default:
		return defaultIdentity
	}
}

func trimmed(address config.Address) string {
	text := address.String()
	for text != "" && text[len(text)-1] == '/' {
		text = text[:len(text)-1]
	}
	return text
}
