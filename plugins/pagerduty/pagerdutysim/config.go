package pagerdutysim

import (
	"errors"
	"fmt"
	"time"
)

// Config is the PagerDuty account that the stand-in pretends to be.
type Config struct {
	// Subdomain is the account's own part of its address: acme in acme.pagerduty.com.
	Subdomain string
	// Region is us or eu; scoped tokens are only given for the right one.
	Region        string
	Keys          []Key
	Clients       []Client
	Users         []User
	Services      []Service
	Policies      []Policy
	Schedules     []Schedule
	Workflows     []Workflow
	Fields        []Field
	Subscriptions []Subscription
	// DecideBy is how people of the stage decide here: "workflow", "field" or "note"; empty if they cannot.
	DecideBy string
	// Page is the most that one page holds, whatever a client asks for; 0 means PagerDuty's own 100.
	Page int
	// Reach is how far paging goes; 0 means PagerDuty's own 10,000.
	Reach int
	// BareLimits answers 429 without headers and body, as PagerDuty does now and then.
	BareLimits bool
	// TokenLife is how long a scoped token lives; 0 means a day.
	TokenLife time.Duration
	// OnCallsCoverShiftBased lets /oncalls report shift-based schedules too; PagerDuty does not say whether it does.
	OnCallsCoverShiftBased bool
	// Lag is how long a change stays out of log entries.
	Lag time.Duration
}

// Key is a REST API key.
type Key struct {
	Value string
	// User is whose key it is; empty for a key of the whole account, which needs a From header to write.
	User     string
	ReadOnly bool
}

// Client is an app with scoped OAuth.
type Client struct {
	ID, Secret string
	Scopes     []string
}

// User is somebody with an account.
type User struct {
	ID, Name, FullName, Email, Role string
	// Invited says that they have not accepted the invitation yet.
	Invited bool
	// Outside says that they belong to another PagerDuty account and can only look on.
	Outside bool
}

// Service takes incidents.
type Service struct {
	ID, Name, Policy string
	Disabled         bool
}

// Policy is an escalation policy: each level lists ids of schedules and users.
type Policy struct {
	ID, Name string
	Levels   [][]string
}

// Schedule says who is on call when.
type Schedule struct {
	ID, Name, TimeZone string
	// ShiftBased is the newer generation, served by /v3/schedules only.
	ShiftBased bool
	Layers     []Layer
	Overrides  []Override
}

// Layer is a rotation in the schedule's own time. In the older generation a later layer replaces an earlier one where both
// have somebody; in the newer one their people are on call together.
type Layer struct {
	Users []string
	// Start is the local date on which the first turn begins.
	Start string
	// Days is the length of a turn; 0 means 1.
	Days int
	// From is the local time of day at which turns change hands, and at which a restricted day begins.
	From string
	// Hours restricts every day to so many hours from From; 0 means around the clock.
	Hours int
}

// Override puts somebody else on call for a while.
type Override struct {
	User        string
	From, Until time.Time
}

// Workflow is an incident workflow with a manual trigger.
type Workflow struct{ ID, Name, Verdict string }

// Field is a custom field of incidents with fixed options.
type Field struct {
	ID, Name string
	Options  []string
}

// Subscription sends webhooks.
type Subscription struct {
	ID, URL string
	// Secrets sign each webhook; while a secret is being replaced there are two.
	Secrets []string
	Events  []string
	Service string
}

// Validate says what cannot be.
func (c Config) Validate() error {
	var problems []error
	for _, s := range c.Schedules {
		if _, err := time.LoadLocation(s.TimeZone); err != nil {
			problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
		}
		for _, l := range s.Layers {
			if _, err := time.Parse(time.DateOnly, l.Start); err != nil {
				problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
			}
			if _, err := time.Parse("15:04", l.from()); err != nil {
				problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
			}
		}
	}
	if c.Subdomain == "" {
		problems = append(problems, errors.New("the account has no subdomain"))
	}
	return errors.Join(problems...)
}

func (l Layer) from() string {
	if l.From == "" {
		return "00:00"
	}
	return l.From
}
