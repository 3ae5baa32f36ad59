package opsgeniesim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is the account that the stand-in pretends to be.
type Config struct {
	// Account is Opsgenie's name of it, CloudID the id of its Atlassian site.
	Account, CloudID string
	Keys             []Key
	Tokens           []Token
	Users            []User
	Teams            []Team
	Escalations      []Escalation
	Schedules        []Schedule
	Webhook          Webhook
	// Polls is how often the outcome of a change is asked for before it is known.
	Polls int
	// Refuse makes the creation of every alert fail after it was accepted, with these words.
	Refuse string
	// Lag is how long it takes until the search finds an alert, or sees that it changed.
	Lag time.Duration
	// Hidden is how long it takes until an alert that was accepted can be read at all.
	Hidden time.Duration
	// Page is the most that one page holds, whatever a client asks for; 0 means the vendor's own 100.
	Page int
	// NoTimeline is a plan without timelines; NoTimes leaves the times of steps out of Operations' escalations, of which the
	// vendor does not say whether they are there.
	NoTimeline, NoTimes bool
	// ActionLog is how a pressed button reads in a log, with the button's and the channel's name. Neither service documents
	// the words.
	ActionLog string
}

// Key is an API key of Opsgenie.
type Key struct {
	Value, Region string
	// Team is set for the key of a team's integration, which sees nothing else.
	Team string
	// ReadOnly may change nothing; NoConfig may not see schedules, teams and people.
	ReadOnly, NoConfig bool
	// Integration is a key of Operations' integration events only.
	Integration bool
}

// Token is an API token of an Atlassian account.
type Token struct {
	Email, Value string
	// ReadOnly may change nothing; NoOps may not use Operations; NoPeople may not look people up.
	ReadOnly, NoOps, NoPeople bool
}

// User is somebody with an account.
type User struct {
	Name, FullName, Email string
	// ID is Opsgenie's, AccountID Atlassian's.
	ID, AccountID string
	// Blocked is somebody who has left. App is no person. Stakeholder can only read and write notes.
	Blocked, App, Stakeholder bool
	// HidesEmail is somebody whose address Jira does not show.
	HidesEmail bool
	// Outside says that they belong to another account.
	Outside bool
}

// Team is a team.
type Team struct {
	ID, Name string
	Members  []string
}

// Escalation calls one after the other.
type Escalation struct {
	ID, Name string
	Steps    []Step
}

// Step calls somebody after some minutes: a user by name, or team:ID, or schedule:ID.
type Step struct {
	Minutes int
	Who     string
}

// Schedule says who is on call when.
type Schedule struct {
	ID, Name, TimeZone, Team string
	Disabled                 bool
	Rotations                []Rotation
	Overrides                []Override
}

// Rotation is a rotation in the schedule's own time. People of several rotations are on call together.
type Rotation struct {
	Name string
	// Who takes turns: users by name, team:ID or escalation:ID; empty for a turn that nobody takes.
	Who []string
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
	Who         string
	From, Until time.Time
}

// Webhook is a webhook integration. It sends to the options' address if it has none of its own.
type Webhook struct {
	URL    string
	Secret string
	// Actions are what is sent: Create, AddNote, Acknowledge, Close, or the name of a button.
	Actions []string
}

// Validate says what cannot be.
func (c Config) Validate() error {
	var problems []error
	for _, s := range c.Schedules {
		if _, err := time.LoadLocation(s.TimeZone); err != nil {
			problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
		}
		for _, r := range s.Rotations {
			if _, err := time.Parse(time.DateOnly, r.Start); err != nil {
				problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
			}
			if _, err := time.Parse("15:04", r.from()); err != nil {
				problems = append(problems, fmt.Errorf("schedule %s: %w", s.ID, err))
			}
			for _, who := range r.Who {
				problems = append(problems, c.unknown(s.ID, who))
			}
		}
	}
	if c.Account == "" || c.CloudID == "" {
		problems = append(problems, errors.New("the account has no name or no cloud id"))
	}
	return errors.Join(problems...)
}

func (c Config) unknown(schedule, who string) error {
	kind, id, grouped := strings.Cut(who, ":")
	known := who == ""
	for _, u := range c.Users {
		known = known || !grouped && u.Name == who
	}
	for _, t := range c.Teams {
		known = known || kind == "team" && t.ID == id
	}
	for _, e := range c.Escalations {
		known = known || kind == "escalation" && e.ID == id
	}
	if known {
		return nil
	}
	return fmt.Errorf("schedule %s: there is no %q", schedule, who)
}

func (r Rotation) from() string {
	if r.From == "" {
		return "00:00"
	}
	return r.From
}
