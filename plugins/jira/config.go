package jira

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// Edition is a kind of Jira.
type Edition string

// The editions. An empty edition is told from the address.
const (
	Cloud      Edition = "cloud"
	DataCenter Edition = "data_center"
)

// Config is Jira's part of the plugin's configuration.
type Config struct {
	Edition Edition `yaml:"edition"`
	// URL is where the REST API is: https://example.atlassian.net, or https://api.atlassian.com/ex/jira/<cloud id> for
	// tokens of service accounts and tokens with scopes.
	URL config.Address `yaml:"url"`
	// Tenant names this Jira in the identities of people, so it must not change. Empty takes the cloud id or host of URL.
	Tenant string `yaml:"tenant"`
	// Email is the account of Token on Cloud; empty on Data Center.
	Email string `yaml:"email"`
	// Token is an API token on Cloud, a personal access token on Data Center.
	Token     secret.String `yaml:"token"`
	TokenFile string        `yaml:"token_file"`
	// TokenExpires is the day on which Token ends, as 2027-03-01; check warns four weeks ahead.
	TokenExpires string `yaml:"token_expires"`
	// IssueType is the name or id of the issues' type.
	IssueType string `yaml:"issue_type"`
	// Fields are further fields of every new issue, as Jira's REST API takes them.
	Fields map[string]any `yaml:"fields"`
	// Statuses are ids of statuses.
	Statuses Statuses `yaml:"statuses"`
	// TransitionFields are filled in where a transition's screen asks for them, as Jira's REST API takes them.
	TransitionFields map[string]any `yaml:"transition_fields"`
	// Webhooks says that Jira posts webhooks; it takes WebhookSecret. Without, moves are found by polling alone.
	Webhooks bool `yaml:"webhooks"`
	// WebhookSecret proves that a webhook comes from Jira. Giving it switches Webhooks on.
	WebhookSecret     secret.String `yaml:"webhook_secret"`
	WebhookSecretFile string        `yaml:"webhook_secret_file"`
	// PrivateRole is a project role that the plugin's account has; only its members see one-time codes for linking
	// accounts. Empty shows such codes to nobody.
	PrivateRole string `yaml:"private_role"`
	// IndexDelay is how long a new issue may be missing from Jira's search.
	IndexDelay config.Duration `yaml:"index_delay"`
	// RequestsPerSecond bounds the calls to Jira of one process.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
}

// Statuses are the statuses that stand for what a request can be. Expired and Withdrawn are Denied if they are empty.
type Statuses struct {
	Pending   string `yaml:"pending"`
	Approved  string `yaml:"approved"`
	Denied    string `yaml:"denied"`
	Expired   string `yaml:"expired"`
	Withdrawn string `yaml:"withdrawn"`
}

const (
	defaultIndexDelay = 2 * time.Minute
	maxIndexDelay     = 30 * time.Minute
	// minSecret is the least length of a webhook's secret, in characters.
	minSecret = 16
	// dayLayout is how configurations write days.
	dayLayout = "2006-01-02"
)

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{IssueType: "Task", IndexDelay: config.Duration(defaultIndexDelay), RequestsPerSecond: 10}
}

var statusID = regexp.MustCompile(`^[0-9]{1,18}$`)

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	c.validateAccess(&p)
	c.validateStatuses(&p)
	p.Check(c.IssueType != "", "issue_type", "is empty; give the name or id of an issue type such as Task")
	for _, name := range []string{"project", "issuetype", "summary", "description", "labels"} {
		_, taken := c.Fields[name]
		p.Check(!taken, "fields."+name, "is filled in by the plugin; remove it")
	}
	p.Check(!c.webhooks() || len(c.WebhookSecret.Reveal()) >= minSecret, "webhook_secret",
		"is missing or shorter than %d characters; webhooks without a secret could come from anybody", minSecret)
	p.Check(c.IndexDelay >= 0 && c.IndexDelay.Std() <= maxIndexDelay, "index_delay", "is %s; give 0s to %s", c.IndexDelay, maxIndexDelay)
	p.Check(c.RequestsPerSecond > 0, "requests_per_second", "is %v; give a number above 0", c.RequestsPerSecond)
	return p.Err()
}

func (c *Config) validateAccess(p *config.Problems) {
	base, err := url.Parse(c.URL.String())
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		p.Add("url", "must be an http or https address such as https://example.atlassian.net")
		return
	}
	p.Check(!strings.Contains(base.Path, "/rest"), "url", "must not contain /rest; give the address that people open")
	switch c.Edition {
	case "", Cloud, DataCenter:
	default:
		p.Add("edition", "is %q; give cloud or data_center", string(c.Edition))
	}
	p.Check(!c.Token.IsZero(), "token", "is missing; give an API token (Cloud) or a personal access token (Data Center)")
	if c.cloud() {
		p.Check(strings.Contains(c.Email, "@"), "email", "must be the e-mail address of the account that the API token belongs to")
	} else {
		p.Check(c.Email == "", "email", "is for Cloud only; a personal access token names its account by itself")
	}
	_, err = c.tokenExpires()
	p.Check(err == nil, "token_expires", "must be a day such as 2027-03-01")
}

func (c *Config) validateStatuses(p *config.Problems) {
	s := c.Statuses
	for _, one := range []struct {
		name, id string
		needed   bool
	}{
		{"pending", s.Pending, true},
		{"approved", s.Approved, true},
		{"denied", s.Denied, true},
		{"expired", s.Expired, false},
		{"withdrawn", s.Withdrawn, false},
	} {
		p.Check(statusID.MatchString(one.id) || one.id == "" && !one.needed, "statuses."+one.name,
			"must be the id of a status, a number in quotes; `accede-jira check` lists the ids of the project's statuses")
	}
	p.Check(s.Approved != s.Denied || s.Approved == "", "statuses.denied", "is the same as statuses.approved")
	for _, one := range []struct{ name, id string }{{"approved", s.Approved}, {"denied", s.Denied}, {"expired", s.Expired}, {"withdrawn", s.Withdrawn}} {
		p.Check(one.id == "" || one.id != s.Pending, "statuses."+one.name, "is the same as statuses.pending")
	}
	p.Check(s.Expired == "" || s.Expired != s.Approved, "statuses.expired", "is the same as statuses.approved")
	p.Check(s.Withdrawn == "" || s.Withdrawn != s.Approved, "statuses.withdrawn", "is the same as statuses.approved")
}

func (c *Config) cloud() bool {
	if c.Edition != "" {
		return c.Edition == Cloud
	}
	base, err := url.Parse(c.URL.String())
	return err == nil && (strings.HasSuffix(base.Hostname(), ".atlassian.net") || base.Hostname() == "api.atlassian.com")
}

func (c *Config) webhooks() bool { return c.Webhooks || !c.WebhookSecret.IsZero() }

func (c *Config) tokenExpires() (time.Time, error) {
	if c.TokenExpires == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(dayLayout, c.TokenExpires)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the day: %w", err)
	}
	return day, nil
}

// cloudPath leads to a site through Atlassian's gateway; the site's id follows.
const cloudPath = "/ex/jira/"

func (c *Config) tenant() string {
	if c.Tenant != "" {
		return c.Tenant
	}
	base, err := url.Parse(c.URL.String())
	if err != nil {
		return ""
	}
	if id, ok := strings.CutPrefix(base.Path, cloudPath); ok {
		return strings.Trim(id, "/")
	}
	return base.Host + strings.TrimSuffix(base.Path, "/")
}
