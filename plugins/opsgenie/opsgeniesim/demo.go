package opsgeniesim

import "github.com/accede/accede/plugins/standin"

// The credentials and ids of the demo account. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoAccount        = "accede-demo"
	DemoCloudID        = "d3300000-0000-4000-8000-0000000c10d0"
	DemoKey            = "demo0000-opsgenie-key0-8000-account00000"
	DemoEUKey          = "demo0000-opsgenie-key0-8000-europe000000"
	DemoTeamKey        = "demo0000-opsgenie-key0-8000-team00000000"
	DemoReadOnlyKey    = "demo0000-opsgenie-key0-8000-readonly0000"
	DemoIntegrationKey = "demo0000-opsgenie-key0-8000-integration0"
	DemoEmail          = "accede@example.com"
	DemoToken          = "ATATT3xFfGF0demo0token0of0operations"
	DemoWebhookSecret  = "demo-webhook-secret-of-opsgenie-0123456789"

	// DemoTeam takes the demo's alerts, DemoSchedule is the database's on-call schedule.
	DemoTeam     = "d3300000-0000-4000-8000-0000000000aa"
	DemoSchedule = "d3300000-0000-4000-8000-00000000d0a1"

	demoSecondary  = "d3300000-0000-4000-8000-00000000d0a2"
	demoSun        = "d3300000-0000-4000-8000-00000000d0a3"
	demoOld        = "d3300000-0000-4000-8000-00000000d0a4"
	demoTeamDB     = "d3300000-0000-4000-8000-0000000000db"
	demoEscalation = "d3300000-0000-4000-8000-0000000000e5"
)

// Demo is the account of the demo: a team for requests, on-call schedules of several kinds, and the people of the demo.
// Nobody can decide inside an alert; alerts carry a link.
func Demo() Config {
	return Config{
		Account: DemoAccount, CloudID: DemoCloudID, Polls: 1, ActionLog: "Executed [%s] action via %s",
		Keys: []Key{
			{Value: DemoKey, Region: "us"},
			{Value: DemoEUKey, Region: "eu"},
			{Value: DemoTeamKey, Region: "us", Team: DemoTeam},
			{Value: DemoReadOnlyKey, Region: "us", ReadOnly: true},
			{Value: DemoIntegrationKey, Integration: true},
		},
		Tokens: []Token{{Email: DemoEmail, Value: DemoToken}},
		Users:  demoUsers(),
		Teams: []Team{
			{ID: DemoTeam, Name: "Access Requests", Members: []string{"ivan", "bob"}},
			{ID: demoTeamDB, Name: "Database", Members: []string{"ivan", "bob", "carol"}},
		},
		Escalations: []Escalation{{ID: demoEscalation, Name: "Database escalation", Steps: []Step{
			{Minutes: 0, Who: "schedule:" + DemoSchedule}, {Minutes: 10, Who: "carol"}, {Minutes: 30, Who: "team:" + demoTeamDB},
		}}},
		Schedules: []Schedule{
			{
				ID: DemoSchedule, Name: "Database primary", TimeZone: "Europe/Berlin", Team: demoTeamDB,
				Rotations: []Rotation{{Name: "Weekly", Who: []string{"ivan", "bob"}, Start: "2026-01-05", Days: 7, From: "09:00"}},
			},
			{
				ID: demoSecondary, Name: "Database with escalation", TimeZone: "Europe/Berlin", Team: demoTeamDB,
				Rotations: []Rotation{{Name: "Always", Who: []string{"escalation:" + demoEscalation}, Start: "2026-01-05", Days: 7, From: "09:00"}},
			},
			{
				ID: demoSun, Name: "Follow the sun", TimeZone: "UTC", Team: demoTeamDB,
				Rotations: []Rotation{
					{Name: "Day", Who: []string{"ivan"}, Start: "2026-01-05", From: "06:00", Hours: 13},
					{Name: "Night", Who: []string{"bob"}, Start: "2026-01-05", From: "18:00", Hours: 13},
				},
			},
			{
				ID: demoOld, Name: "Old rota", TimeZone: "UTC", Team: demoTeamDB, Disabled: true,
				Rotations: []Rotation{{Name: "Daily", Who: []string{"alice"}, Start: "2026-01-05"}},
			},
		},
	}
}

func demoUsers() []User {
	user := func(name, fullName, id string) User {
		return User{
			Name: name, FullName: fullName, Email: name + "@example.com",
			ID: "a11ce000-0000-4000-8000-0000000000" + id, AccountID: "712020:a11ce000-0000-4000-8000-0000000000" + id,
		}
	}
	users := []User{
		user("accede", "Accede", "ac"), user("alice", "Alice Moreau", "a1"), user("ivan", "Ivan Petrov", "1a"), user("bob", "Bob Okafor", "b0"),
		user("carol", "Carol Lindqvist", "ca"), user("dave", "Dave Guest", "da"), user("mallory", "Mallory Evans", "ea"),
	}
	users[5].Stakeholder = true
	users[6].Outside, users[6].Email = true, "mallory@evil.example"
	return users
}

// Deciding is the demo account with a webhook integration that tells of pressed buttons.
func Deciding() Config {
	config := Demo()
	config.Webhook = Webhook{Secret: DemoWebhookSecret, Actions: []string{"approve", "deny", "AddNote", "Close"}}
	return config
}

// DemoPlugin is the plugin's set-up for the demo account, in the dialect that has a future. It keeps to no limit of its own:
// the switches of the stand-in do.
func DemoPlugin(at standin.Place) standin.Demo {
	accounts := map[string]string{}
	for _, u := range demoUsers() {
		switch u.Name {
		case "alice", "ivan", "bob":
			accounts[u.Name] = u.AccountID
		}
	}
	return standin.Demo{
		Config: "dialect: jsm\napi_url: " + at.BaseURL + "\nsite_url: " + at.BaseURL + "\ncloud_id: " + DemoCloudID +
			"\nemail: " + DemoEmail + "\napi_token: " + DemoToken + "\ncalls_per_minute: 0\n",
		Recipients: []string{"Access Requests"},
		Tenant:     DemoCloudID,
		Accounts:   accounts,
		Schedule:   DemoSchedule,
	}
}
