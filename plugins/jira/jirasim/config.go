package jirasim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config is the Jira that the stand-in pretends to be.
type Config struct {
	// Cloud chooses the edition; false is Data Center.
	Cloud    bool
	SiteName string
	CloudID  string
	Users    []User
	Tokens   []Token
	Projects []Project
	Statuses []Status
	// Workflow lists to which statuses an issue may be moved from each; it begins in Initial.
	Workflow map[string][]string
	Initial  string
	// WebhookSecret signs webhooks; empty sends them unsigned, as Jira does.
	WebhookSecret string
	// IndexDelay is how long the search does not know a new issue.
	IndexDelay time.Duration
	// Deployment is what the server says of itself; empty for what fits Cloud.
	Deployment string
	// Login lets every call end at a login page.
	Login bool
	// PageSize is the most that one page of any list holds.
	PageSize int
	// RetryWebhook is the wait before a webhook that was not taken is sent again; it grows with each try.
	RetryWebhook time.Duration
}

// User is an account. On Cloud ID is the account id, on Data Center the key.
type User struct {
	ID, Name, DisplayName, Email string
	// Type is atlassian, app or customer.
	Type        string
	Inactive    bool
	HideEmail   bool
	Permissions []string
	Roles       []string
}

// Token is a credential of a user. A service token works only at Atlassian's gateway.
type Token struct {
	User, Value string
	Service     bool
}

// Project is where issues are.
type Project struct {
	ID, Key, Name string
	// Required are fields besides the summary that a new issue must have.
	Required []string
}

// Status is a column of the board.
type Status struct{ ID, Name string }

// Permissions of projects that the stand-in knows.
const (
	browse      = "BROWSE_PROJECTS"
	create      = "CREATE_ISSUES"
	edit        = "EDIT_ISSUES"
	transitions = "TRANSITION_ISSUES"
	comments    = "ADD_COMMENTS"
)

func (u User) may(permission string) bool { return slices.Contains(u.Permissions, permission) }

func (u User) isPerson() bool { return u.Type != "app" }

// Validate names everything that keeps the site from making sense.
func (c Config) Validate() error {
	var problems []error
	known := map[string]bool{}
	for _, status := range c.Statuses {
		known[status.ID] = true
	}
	for from, all := range c.Workflow {
		for _, to := range append(slices.Clone(all), from) {
			if !known[to] {
				problems = append(problems, fmt.Errorf("the workflow names status %q, which does not exist", to))
			}
		}
	}
	if !known[c.Initial] {
		problems = append(problems, errors.New("the initial status does not exist"))
	}
	users := map[string]bool{}
	for _, u := range c.Users {
		users[u.ID] = true
	}
	for _, token := range c.Tokens {
		if !users[token.User] {
			problems = append(problems, fmt.Errorf("the token of %q belongs to nobody", token.User))
		}
	}
	return errors.Join(problems...)
}
