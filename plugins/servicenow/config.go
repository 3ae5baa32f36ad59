package servicenow

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

// Config is ServiceNow's part of the plugin's configuration.
type Config struct {
	// InstanceURL is the instance's address, such as https://acme.service-now.com.
	InstanceURL config.Address `yaml:"instance_url"`
	// Tenant names the instance in linked accounts; it is the address's host if empty. It must not change later.
	Tenant string `yaml:"tenant"`
	// User and Password are the integration user's, for basic authentication.
	User         string        `yaml:"user"`
	Password     secret.String `yaml:"password"`
	PasswordFile string        `yaml:"password_file"`
	// ClientID and ClientSecret are those of an OAuth client that may use client credentials.
	ClientID         string        `yaml:"client_id"`
	ClientSecret     secret.String `yaml:"client_secret"`
	ClientSecretFile string        `yaml:"client_secret_file"`
	// Table takes a record for each request; Fields are set on each new one as they stand.
	Table  string            `yaml:"table"`
	Fields map[string]string `yaml:"fields"`
	// GroupField takes the group that a recipient names, RequesterField the requester's user; empty leaves them out.
	GroupField     string `yaml:"group_field"`
	RequesterField string `yaml:"requester_field"`
	// NotesField is the journal that reviews are noted in, ReadNotes how it is read back.
	NotesField string    `yaml:"notes_field"`
	ReadNotes  NotesView `yaml:"read_notes"`
	// Closing are the fields to set once a request is approved, denied, expired or withdrawn. Left out, incidents are
	// resolved or cancelled and other records stay as they are.
	Closing   map[string]map[string]string `yaml:"closing"`
	Approvals Approvals                    `yaml:"approvals"`
	// TimeZone is the integration user's at the instance: times in queries are understood in it.
	TimeZone string `yaml:"time_zone"`
	// WebhookSecret is what the instance sends in the header X-Accede-Secret; without it no webhook is taken.
	WebhookSecret     secret.String `yaml:"webhook_secret"`
	WebhookSecretFile string        `yaml:"webhook_secret_file"`
	// RequestsPerSecond bounds the calls to the instance.
	RequestsPerSecond float64 `yaml:"requests_per_second"`
}

// Approvals says where approvals come from and which count.
type Approvals struct {
	// Mode says who makes the rows of sysapproval_approver.
	Mode ApprovalMode `yaml:"mode"`
	// Request are the fields set on a new record that make the instance's own flow ask for approval.
	Request map[string]string `yaml:"request"`
	// Delegates lets somebody decide who stands in for the approver at that time; the decision is then theirs.
	Delegates bool `yaml:"delegates"`
	// Withdraw takes back what is still asked once a request is resolved.
	Withdraw bool `yaml:"withdraw"`
}

// ApprovalMode says who makes approval rows.
type ApprovalMode string

// The modes.
const (
	// ModeFlow: a flow of the instance asks for approval.
	ModeFlow ApprovalMode = "flow"
	// ModeCreate: the plugin asks suggested reviewers and the people among the recipients.
	ModeCreate ApprovalMode = "create"
)

// NotesView says how journal fields are read back.
type NotesView string

// The views.
const (
	// NotesJournal reads the table sys_journal_field.
	NotesJournal NotesView = "journal"
	// NotesDisplay reads the record's display values, for instances that do not open that table.
	NotesDisplay NotesView = "display"
)

const tableIncident = "incident"

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{
		Table: tableIncident, GroupField: "assignment_group", NotesField: "work_notes", ReadNotes: NotesJournal,
		TimeZone: "UTC", RequestsPerSecond: 10,
		Approvals: Approvals{Mode: ModeFlow, Withdraw: true},
	}
}

var (
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,79}$`)
	sysID     = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

const minWebhookSecret = 16

// Validate returns every fault of the configuration.
func (c *Config) Validate() error {
	var p config.Problems
	base, err := url.Parse(c.InstanceURL.String())
	p.Check(err == nil && (base.Scheme == "https" || base.Scheme == "http") && base.Host != "" && base.RawQuery == "",
		"instance_url", "must be the instance's address, such as https://acme.service-now.com")
	c.validateCredentials(&p)
	c.validateNames(&p)
	c.validateApprovals(&p)
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" {
		p.Add("time_zone", "is %q; give the integration user's time zone, such as UTC or Europe/Berlin", c.TimeZone)
	}
	p.Check(c.ReadNotes == NotesJournal || c.ReadNotes == NotesDisplay, "read_notes", "is %q; use journal or display", string(c.ReadNotes))
	p.Check(c.WebhookSecret.IsZero() || len(c.WebhookSecret.Reveal()) >= minWebhookSecret,
		"webhook_secret", "is too short; use %d characters or more", minWebhookSecret)
	p.Check(c.RequestsPerSecond > 0 && c.RequestsPerSecond <= 100, "requests_per_second", "is %g; give more than 0 and at most 100",
		c.RequestsPerSecond)
	return p.Err()
}

func (c *Config) validateCredentials(p *config.Problems) {
	basic, oauth := c.User != "" || !c.Password.IsZero(), c.ClientID != "" || !c.ClientSecret.IsZero()
	switch {
	case !basic && !oauth:
		p.Add("client_id", "is missing; give client_id and client_secret, or user and password")
	case basic && oauth:
		p.Add("client_id", "stands beside user; give either client_id and client_secret, or user and password")
	case basic:
		p.Check(c.User != "", "user", "is missing; name the integration user")
		p.Check(!c.Password.IsZero(), "password", "is missing; give the integration user's password")
	default:
		p.Check(c.ClientID != "", "client_id", "is missing; copy it from System OAuth > Application Registry")
		p.Check(!c.ClientSecret.IsZero(), "client_secret", "is missing; copy it from System OAuth > Application Registry")
	}
}

func (c *Config) validateNames(p *config.Problems) {
	p.Check(fieldName.MatchString(c.Table), "table", "is %q; give a table's name, such as incident or sc_req_item", c.Table)
	p.Check(fieldName.MatchString(c.NotesField), "notes_field", "is %q; give a journal field, such as work_notes", c.NotesField)
	for path, name := range map[string]string{"group_field": c.GroupField, "requester_field": c.RequesterField} {
		p.Check(name == "" || fieldName.MatchString(name), path, "is %q; give a field's name, or nothing", name)
	}
	checkFields(p, "fields", c.Fields)
	for outcome, fields := range c.Closing {
		p.Check(isOutcome(outcome), "closing."+outcome, "is no outcome; use approved, denied, expired or withdrawn")
		checkFields(p, "closing."+outcome, fields)
	}
}

// owned are fields that the plugin itself writes and reads back.
func owned() []string {
	return []string{"correlation_id", "correlation_display", "short_description", "description", "sys_id", "number"}
}

func checkFields(p *config.Problems, path string, fields map[string]string) {
	for name := range fields {
		p.Check(fieldName.MatchString(name), path+"."+name, "is no field's name")
		for _, own := range owned() {
			p.Check(name != own, path+"."+name, "is written by the plugin; leave it out")
		}
	}
}

func (c *Config) validateApprovals(p *config.Problems) {
	switch c.Approvals.Mode {
	case ModeFlow, ModeCreate:
	default:
		p.Add("approvals.mode", "is %q; use flow or create", string(c.Approvals.Mode))
	}
	checkFields(p, "approvals.request", c.Approvals.Request)
}

// Outcomes as the configuration names them.
const (
	outcomeApproved  = "approved"
	outcomeDenied    = "denied"
	outcomeExpired   = "expired"
	outcomeWithdrawn = "withdrawn"
)

func isOutcome(name string) bool {
	switch name {
	case outcomeApproved, outcomeDenied, outcomeExpired, outcomeWithdrawn:
		return true
	}
	return false
}

// closing returns the fields that close a record, none if it stays as it is.
func (c *Config) closing(outcome string) map[string]string {
	if c.Closing != nil || c.Table != tableIncident {
		return c.Closing[outcome]
	}
	switch outcome {
	case outcomeApproved, outcomeDenied:
		return map[string]string{"state": "6", "close_code": "Solution provided"}
	case outcomeExpired, outcomeWithdrawn:
		return map[string]string{"state": "8"}
	default:
		return nil
	}
}

// asking returns the fields that make a flow ask.
func (c *Config) asking() map[string]string {
	switch {
	case c.Approvals.Mode != ModeFlow:
		return nil
	case c.Approvals.Request != nil:
		return c.Approvals.Request
	default:
		return map[string]string{"approval": "requested"}
	}
}

func (c *Config) base() string { return strings.TrimRight(c.InstanceURL.String(), "/") }

// tenant is the instance's name in identities.
func (c *Config) tenant() string {
	if c.Tenant != "" {
		return c.Tenant
	}
	base, err := url.Parse(c.InstanceURL.String())
	if err != nil {
		return ""
	}
	return strings.ToLower(base.Host)
}

// zone is the integration user's time zone. Validate has seen to it that there is one.
func (c *Config) zone() *time.Location {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
