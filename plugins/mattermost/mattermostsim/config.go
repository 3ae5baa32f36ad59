package mattermostsim

import (
	"errors"
	"fmt"

	"github.com/mattermost/mattermost-server/v6/model"
)

// Config is the server that the stand-in pretends to be.
type Config struct {
	Server   Server
	Teams    []Team
	Users    []User
	Channels []Channel
	// Tokens are access tokens, by the id of their account.
	Tokens map[string]string
}

// Server is how the server is set up. It can be changed while the stand-in runs.
type Server struct {
	Version string `json:"version"`
	// SiteURL is what the server calls itself; its own address if empty, nothing if NoSiteURL is set.
	SiteURL   string `json:"site_url"`
	NoSiteURL bool   `json:"no_site_url"`
	// PostEditTimeLimit is for how many seconds messages can be edited, -1 for ever.
	PostEditTimeLimit int `json:"post_edit_time_limit"`
	// HideEmail is the opposite of Mattermost's ShowEmailAddress.
	HideEmail bool `json:"hide_email"`
	// HideKey leaves AsymmetricSigningPublicKey out of the client's settings.
	HideKey bool `json:"hide_key"`
	// Developer shows the details of errors (EnableDeveloper).
	Developer bool `json:"developer"`
	// ForbidCallbacks refuses the callback's address as a private one that AllowedUntrustedInternalConnections does not name.
	ForbidCallbacks bool `json:"forbid_callbacks"`
	// SignInProxy puts a proxy in front of the callback that answers 401.
	SignInProxy bool `json:"sign_in_proxy"`
	// RateLimit switches the server's own limit on: 10 requests a second, 100 at once.
	RateLimit bool `json:"rate_limit"`
	// Nodes is how many servers there are; each has a cache of its own for pending_post_id.
	Nodes int `json:"nodes"`
	// SaveDelayMS is how long saving a post takes.
	SaveDelayMS int `json:"save_delay_ms"`
}

// Team has channels.
type Team struct{ ID, Name, DisplayName string }

// User is an account, of this server or, when Remote is set, seen through a shared channel.
type User struct {
	ID, Name, RealName, Email string
	// AuthService is how the account signs in: empty for a password, "saml", "ldap", "openid" and so on.
	AuthService string
	// Roles are the system-wide ones; a member's if empty.
	Roles                []string
	Bot, Remote, Deleted bool
	// Ephemeral is the permission to post what only one person sees. Administrators have it.
	Ephemeral bool
}

// Channel is a public channel, or a private one when Private is set.
type Channel struct {
	ID, Name, DisplayName string
	// Team is the name of its team.
	Team     string
	Private  bool
	Archived bool
	Members  []string
}

// Validate names everything that keeps the server from making sense.
func (c Config) Validate() error {
	var problems []error
	known := map[string]bool{}
	for _, u := range c.Users {
		problems = append(problems, valid("user", u.ID, known))
		known[u.ID] = true
	}
	teams := map[string]bool{}
	for _, t := range c.Teams {
		problems = append(problems, valid("team", t.ID, nil))
		teams[t.Name] = true
	}
	for _, ch := range c.Channels {
		problems = append(problems, valid("channel", ch.ID, nil))
		if !teams[ch.Team] {
			problems = append(problems, fmt.Errorf("channel %s is in no team", ch.Name))
		}
		for _, m := range ch.Members {
			if !known[m] {
				problems = append(problems, fmt.Errorf("member %q of channel %s is not among the users", m, ch.Name))
			}
		}
	}
	for _, user := range c.Tokens {
		if !known[user] {
			problems = append(problems, fmt.Errorf("a token belongs to %q, who is not among the users", user))
		}
	}
	return errors.Join(problems...)
}

func valid(what, id string, known map[string]bool) error {
	switch {
	case !model.IsValidId(id):
		return fmt.Errorf("%s has the id %q, which is none of Mattermost's", what, id)
	case known[id]:
		return fmt.Errorf("%s %s is there twice", what, id)
	default:
		return nil
	}
}
