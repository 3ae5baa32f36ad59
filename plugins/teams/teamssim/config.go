package teamssim

import (
	"errors"
	"fmt"
)

// Config describes a tenant with its people and teams, and the bot.
type Config struct {
	Tenant Tenant
	App    App
	Users  []User
	Teams  []Team
}

// Tenant is a directory.
type Tenant struct {
	ID, Name string
}

// App is the bot's registration.
type App struct {
	ID, Name string
	// Secret and CertificatePEM are how the bot may prove itself; either may be empty.
	Secret         string
	CertificatePEM string
	// ManifestID is the id in the app package, CatalogID the one in the organisation's catalogue.
	ManifestID, CatalogID string
	// Permissions are the application permissions on Graph that were granted.
	Permissions []string
}

// User is a person.
type User struct {
	// ID is the directory's object id, Name what the demo calls the person.
	ID, Name, DisplayName, Email string
	Guest                        bool
	// Tenant is set for people of another tenant, who may be in shared channels.
	Tenant string
	// Anonymous joined a meeting without an account: no object id.
	Anonymous bool
	// Installed says that the person has added the app, Blocked that they have blocked it, Vanished that Teams takes
	// messages for them and shows them nowhere, as it does for some who have removed the app.
	Installed, Blocked, Vanished bool
	// OldClient knows Action.Submit only.
	OldClient bool
}

// Team is a team with its channels.
type Team struct {
	ID, Name string
	// Installed says that the app was added to the team.
	Installed bool
	Channels  []Channel
}

// Channel is a channel of a team, or a group chat if Group is set. Members are the names of people.
type Channel struct {
	ID, Name string
	Group    bool
	Members  []string
}

// Validate says what cannot be.
func (c Config) Validate() error {
	if c.Tenant.ID == "" || c.App.ID == "" {
		return errors.New("the tenant and the app need ids")
	}
	names := map[string]bool{}
	for _, u := range c.Users {
		if u.Name == "" || names[u.Name] {
			return fmt.Errorf("the name %q is missing or given twice", u.Name)
		}
		names[u.Name] = true
	}
	for _, t := range c.Teams {
		for _, ch := range t.Channels {
			for _, name := range ch.Members {
				if !names[name] {
					return fmt.Errorf("channel %s has a member %q whom nobody knows", ch.Name, name)
				}
			}
		}
	}
	return nil
}
