package slacksim

import "github.com/accede/accede/plugins/standin"

// The credentials of the demo workspace. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoBotToken      = "xoxb-demo-bot-token"
	DemoAppToken      = "xapp-demo-app-token"
	DemoSigningSecret = "8f742231b10e8888abcd99yyyzzz85a5"
)

// Demo is the workspace of the demo: alice asks, ivan and bob decide, carol is linked to nobody, dave is a guest and
// mallory looks in from another workspace.
func Demo() Config {
	staff := []string{"U0BOT", "U0ALICE", "U0IVAN", "U0BOB", "U0CAROL"}
	return Config{
		Workspace:     Workspace{ID: "T0ACCEDE", Name: "Accede Demo", Domain: "accede-demo"},
		App:           App{ID: "A0ACCEDE", Name: "Accede", BotID: "B0BOT", BotUser: "U0BOT"},
		SigningSecret: DemoSigningSecret,
		Tokens: []Token{
			{Value: DemoBotToken, Scopes: []string{
				"chat:write", "users:read", "users:read.email", "im:write", "im:read", "im:history",
				"channels:read", "channels:history", "groups:read", "groups:history",
			}},
			{Value: DemoAppToken, Scopes: []string{"connections:write"}},
		},
		Users: []User{
			{ID: "U0BOT", Name: "accede", RealName: "Accede", Bot: true},
			{ID: "U0ALICE", Name: "alice", RealName: "Alice Moreau", Email: "alice@example.com"},
			{ID: "U0IVAN", Name: "ivan", RealName: "Ivan Petrov", Email: "ivan@example.com"},
			{ID: "U0BOB", Name: "bob", RealName: "Bob Okafor", Email: "bob@example.com"},
			{ID: "U0CAROL", Name: "carol", RealName: "Carol Lindqvist", Email: "carol@example.com"},
			{ID: "U0DAVE", Name: "dave", RealName: "Dave Guest", Email: "dave@example.com", Restricted: true},
			{ID: "U0MALLORY", Name: "mallory", RealName: "Mallory Evans", TeamID: "T0EVIL", Stranger: true},
		},
		Channels: []Channel{
			{ID: "C0ACCESS", Name: "access-requests", Shared: true, Members: append(staff, "U0DAVE", "U0MALLORY")},
			{ID: "C0OPS", Name: "ops", Members: []string{"U0ALICE", "U0IVAN", "U0BOB", "U0CAROL"}},
			{ID: "G0SEC", Name: "security", Private: true, Members: []string{"U0BOT", "U0IVAN", "U0BOB"}},
		},
	}
}

// DemoPlugin is the plugin's set-up for the demo workspace: signed HTTP callbacks if there is somewhere to take them, else
// Socket Mode.
func DemoPlugin(at standin.Place) standin.Demo {
	mode := "app_token: " + DemoAppToken
	if at.CallbackURL != "" {
		mode = "signing_secret: " + DemoSigningSecret
	}
	return standin.Demo{
		Config:     "api_url: " + at.BaseURL + "/api/\nbot_token: " + DemoBotToken + "\n" + mode + "\n",
		Recipients: []string{"#access-requests"},
		Tenant:     "T0ACCEDE", Accounts: map[string]string{"alice": "U0ALICE", "ivan": "U0IVAN", "bob": "U0BOB"},
	}
}
