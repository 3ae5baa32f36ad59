package discordsim

import (
	"bytes"

	"github.com/accede/accede/plugins/standin"
)

// The credentials and ids of the demo. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoBotToken    = "MTIwMDAwMDAwMDAwMDAwMDAwMQ.demo00.bot-token-of-the-sandbox"
	DemoApplication = "1200000000000000001"
	DemoGuild       = "1100000000000000001"
	DemoOtherGuild  = "1100000000000000002"
	DemoAccess      = "1110000000000000001"
	DemoOps         = "1110000000000000002"
	DemoSecurity    = "1110000000000000003"
	DemoVoice       = "1110000000000000004"
	DemoThread      = "1110000000000000005"
	DemoPartners    = "1110000000000000006"

	demoAlice, demoIvan, demoBob            = "1000000000000000001", "1000000000000000002", "1000000000000000003"
	demoCarol, demoDave, demoMallory        = "1000000000000000004", "1000000000000000005", "1000000000000000006"
	demoDBA, demoBotRole                    = "1120000000000000001", "1120000000000000002"
	everyday                         uint64 = ViewChannel | SendMessages | EmbedLinks | ReadHistory | SendInThreads
)

// Demo is the Discord of the demo: alice asks, ivan and bob decide, carol is connected to nobody, dave takes no direct
// messages, and mallory is only in the server of somebody else, where the bot is as well.
func Demo() Config {
	hidden := Overwrite{ID: DemoGuild, Deny: ViewChannel}
	return Config{
		Application: Application{ID: DemoApplication, Name: "Accede"},
		Token:       DemoBotToken, SigningSeed: bytes.Repeat([]byte{0xac, 0xce, 0xde, 0x42}, 8),
		Users: []User{
			{ID: DemoApplication, Name: "accede", Bot: true},
			{ID: demoAlice, Name: "alice", GlobalName: "Alice Moreau"},
			{ID: demoIvan, Name: "ivan", GlobalName: "Ivan Petrov"},
			{ID: demoBob, Name: "bob", GlobalName: "Bob Okafor"},
			{ID: demoCarol, Name: "carol", GlobalName: "Carol Lindqvist"},
			{ID: demoDave, Name: "dave", GlobalName: "Dave Guest", NoDirect: true},
			{ID: demoMallory, Name: "mallory", GlobalName: "Mallory Evans"},
		},
		Guilds: []Guild{
			{
				ID: DemoGuild, Name: "Accede Demo", Owner: demoCarol, Everyone: everyday,
				Roles: []Role{{ID: demoDBA, Name: "dba"}, {ID: demoBotRole, Name: "Accede", Permissions: everyday}},
				Members: []Member{
					{User: DemoApplication, Roles: []string{demoBotRole}},
					{User: demoAlice},
					{User: demoIvan, Roles: []string{demoDBA}},
					{User: demoBob, Roles: []string{demoDBA}},
					{User: demoCarol},
					{User: demoDave},
				},
			},
			{
				ID: DemoOtherGuild, Name: "Partner Lounge", Owner: demoMallory, Everyone: everyday,
				Members: []Member{{User: DemoApplication}, {User: demoMallory}, {User: demoAlice}},
			},
		},
		Channels: []Channel{
			{ID: DemoAccess, Guild: DemoGuild, Name: "access-requests"},
			{ID: DemoOps, Guild: DemoGuild, Name: "ops", Overwrites: []Overwrite{{ID: demoBotRole, Deny: ViewChannel}}},
			{ID: DemoSecurity, Guild: DemoGuild, Name: "security", Overwrites: []Overwrite{
				hidden, {ID: demoDBA, Allow: ViewChannel}, {ID: DemoApplication, Type: 1, Allow: ViewChannel},
			}},
			{ID: DemoVoice, Guild: DemoGuild, Name: "Standup", Type: 2},
			{ID: DemoThread, Guild: DemoGuild, Name: "night shift", Type: threadChannel, Parent: DemoAccess},
			{ID: DemoPartners, Guild: DemoOtherGuild, Name: "partners"},
		},
	}
}

// DemoPlugin is the plugin's set-up for the demo: signed HTTP callbacks if there is somewhere to take them, else the
// Gateway.
func DemoPlugin(at standin.Place) standin.Demo {
	mode := "mode: gateway"
	if at.CallbackURL != "" {
		mode = "mode: http\npublic_key: " + Demo().PublicKey()
	}
	return standin.Demo{
		Config:     "api_url: " + at.BaseURL + "/api/v10\nbot_token: " + DemoBotToken + "\n" + mode + "\n",
		Recipients: []string{"#access-requests"},
		Tenant:     DemoApplication,
		Accounts:   map[string]string{"alice": demoAlice, "ivan": demoIvan, "bob": demoBob},
	}
}
