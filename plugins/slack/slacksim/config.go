package slacksim

import (
	"errors"
	"fmt"
	"strings"
)

// Config is the workspace that the stand-in pretends to be.
type Config struct {
	Workspace     Workspace
	App           App
	SigningSecret string
	Tokens        []Token
	Users         []User
	Channels      []Channel
}

// Workspace is one Slack team.
type Workspace struct{ ID, Name, Domain string }

// App is the installed app and its bot.
type App struct{ ID, Name, BotID, BotUser string }

// Token is a credential with the scopes it was granted. Slack tells the kinds apart by prefix: xoxb- is a bot's, xapp-
// an app-level token.
type Token struct {
	Value  string
	Scopes []string
}

// User is a member of the workspace, a guest of it, or somebody from elsewhere seen through a shared channel.
type User struct {
	ID, Name, RealName, Email string
	// TeamID is empty for the workspace's own members.
	TeamID string
	// Bot, Restricted (guest), UltraRestricted (single-channel guest), Stranger (foreign workspace) and Deleted are
	// Slack's flags of the same names.
	Bot, Restricted, UltraRestricted, Stranger, Deleted bool
	// EmailUnconfirmed is the opposite of Slack's is_email_confirmed.
	EmailUnconfirmed bool
}

// Channel is a public channel, or a private one when Private is set.
type Channel struct {
	ID, Name string
	Private  bool
	Archived bool
	// Shared marks a Slack Connect channel.
	Shared  bool
	Members []string
}

func (t Token) isApp() bool { return strings.HasPrefix(t.Value, "xapp-") }

func (t Token) has(scope string) bool {
	for _, s := range t.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// Validate names everything that keeps the workspace from making sense.
func (c Config) Validate() error {
	var problems []error
	known := map[string]bool{}
	for _, u := range c.Users {
		if known[u.ID] {
			problems = append(problems, fmt.Errorf("user %s is there twice", u.ID))
		}
		known[u.ID] = true
	}
	if !known[c.App.BotUser] {
		problems = append(problems, fmt.Errorf("the bot's user %q is not among the users", c.App.BotUser))
	}
	for _, ch := range c.Channels {
		problems = append(problems, ch.check(known))
	}
	if c.Workspace.ID == "" || c.App.ID == "" || c.SigningSecret == "" {
		problems = append(problems, errors.New("workspace id, app id and signing secret are needed"))
	}
	return errors.Join(problems...)
}

func (ch Channel) check(known map[string]bool) error {
	for _, m := range ch.Members {
		if !known[m] {
			return fmt.Errorf("member %q of channel %s is not among the users", m, ch.ID)
		}
	}
	return nil
}
