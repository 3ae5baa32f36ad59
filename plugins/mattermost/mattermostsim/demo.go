package mattermostsim

import (
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// DemoToken is the bot's access token in the demo. It opens nothing but this stand-in.
const DemoToken = "demobotaccesstoken00000000"

// demoTenant is how the core calls this server.
const demoTenant = "chat.demo.example"

// DemoID is the id of somebody or something in the demo: its name, filled up to the length of Mattermost's ids.
func DemoID(name string) string {
	name = strings.ReplaceAll(name, "-", "")
	return name + strings.Repeat("0", 26-len(name))
}

// Demo is the server of the demo: alice asks, ivan and bob decide, carol is linked to nobody, dave is a guest and mallory
// looks in from another server through a shared channel.
func Demo() Config {
	ids := func(names ...string) (out []string) {
		for _, name := range names {
			out = append(out, DemoID(name))
		}
		return out
	}
	person := func(name, realName string) User {
		return User{ID: DemoID(name), Name: name, RealName: realName, Email: name + "@example.com", AuthService: "saml"}
	}
	dave, mallory := person("dave", "Dave Guest"), person("mallory", "Mallory Evans")
	dave.Roles, mallory.Remote, mallory.AuthService = []string{model.SystemGuestRoleId}, true, ""
	return Config{
		Server: Server{Version: "11.1.0", PostEditTimeLimit: -1, Nodes: 1},
		Teams:  []Team{{ID: DemoID("main"), Name: "main", DisplayName: "Accede Demo"}},
		Users: []User{
			{ID: DemoID("accede"), Name: "accede", RealName: "Accede", Bot: true},
			person("alice", "Alice Moreau"), person("ivan", "Ivan Petrov"), person("bob", "Bob Okafor"),
			person("carol", "Carol Lindqvist"), dave, mallory,
		},
		Channels: []Channel{
			{
				ID: DemoID("access-requests"), Name: "access-requests", DisplayName: "Access Requests", Team: "main",
				Members: ids("accede", "alice", "ivan", "bob", "carol", "dave", "mallory"),
			},
			{ID: DemoID("ops"), Name: "ops", DisplayName: "Ops", Team: "main", Members: ids("alice", "ivan", "bob", "carol")},
			{
				ID: DemoID("security"), Name: "security", DisplayName: "Security", Team: "main", Private: true,
				Members: ids("accede", "ivan", "bob"),
			},
		},
		Tokens: map[string]string{DemoToken: DemoID("accede")},
	}
}

// DemoPlugin is the plugin's set-up for the demo server.
func DemoPlugin(at standin.Place) standin.Demo {
	config := "url: " + at.BaseURL + "\ntoken: " + DemoToken + "\nteam: main\ntenant: " + demoTenant + "\n"
	if at.CallbackURL != "" {
		config += "callback_url: " + at.CallbackURL + "\n"
	}
	return standin.Demo{
		Config: config, Recipients: []string{"~access-requests"}, Tenant: demoTenant,
		Accounts: map[string]string{"alice": DemoID("alice"), "ivan": DemoID("ivan"), "bob": DemoID("bob")},
	}
}
