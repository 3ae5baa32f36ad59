package teamssim

import "github.com/accede/accede/plugins/standin"

// Ids and credentials of the demo. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoTenant    = "7c0ffee0-0000-4000-8000-00000000ac01"
	DemoForeign   = "7c0ffee0-0000-4000-8000-00000000e711"
	DemoApp       = "b07b07b0-0000-4000-8000-00000000ac02"
	DemoCatalog   = "ca7a1060-0000-4000-8000-00000000ac03"
	DemoSecret    = "demo~8Q.client-secret-of-the-sandbox"
	DemoChannel   = "19:Access0Requests0Demo0Channel0001@thread.tacv2"
	DemoOps       = "19:Ops0Demo0Channel0000000000000001@thread.tacv2"
	DemoSecurity  = "19:Security0Demo0Channel0000000001@thread.tacv2"
	DemoGroupChat = "19:0de310c8a7d04f0e9b1f00000000ac04@thread.v2"

	demoAlice   = "a11ce000-0000-4000-8000-000000000001"
	demoIvan    = "17a40000-0000-4000-8000-000000000002"
	demoBob     = "b0b00000-0000-4000-8000-000000000003"
	demoCarol   = "ca401000-0000-4000-8000-000000000004"
	demoDave    = "da4e0000-0000-4000-8000-000000000005"
	demoMallory = "3a110400-0000-4000-8000-000000000006"
)

// Demo is the tenant of the demo: alice asks, ivan and bob decide, carol is linked to nobody, dave is a guest, and mallory
// looks in from another tenant through a shared channel.
func Demo() Config {
	return Config{
		Tenant: Tenant{ID: DemoTenant, Name: "Accede Demo"},
		App: App{
			ID: DemoApp, Name: "Accede", Secret: DemoSecret, ManifestID: DemoApp, CatalogID: DemoCatalog,
			Permissions: []string{"User.Read.All", "TeamsAppInstallation.ReadWriteSelfForUser.All"},
		},
		Users: []User{
			{ID: demoAlice, Name: "alice", DisplayName: "Alice Moreau", Email: "alice@example.com", Installed: true},
			{ID: demoIvan, Name: "ivan", DisplayName: "Ivan Petrov", Email: "ivan@example.com"},
			{ID: demoBob, Name: "bob", DisplayName: "Bob Okafor", Email: "bob@example.com"},
			{ID: demoCarol, Name: "carol", DisplayName: "Carol Lindqvist", Email: "carol@example.com"},
			{ID: demoDave, Name: "dave", DisplayName: "Dave Guest", Email: "dave@example.com", Guest: true},
			{ID: demoMallory, Name: "mallory", DisplayName: "Mallory Evans", Email: "mallory@evil.example", Tenant: DemoForeign},
		},
		Teams: []Team{
			{ID: "19:Accede0Demo0Team@thread.tacv2", Name: "Platform", Installed: true, Channels: []Channel{
				{ID: DemoChannel, Name: "access-requests", Members: []string{"alice", "ivan", "bob", "carol", "dave", "mallory"}},
				{ID: DemoOps, Name: "ops", Members: []string{"ivan", "bob", "carol"}},
				{ID: DemoGroupChat, Name: "Release night", Group: true, Members: []string{"ivan", "bob"}},
			}},
			{ID: "19:Security0Demo0Team@thread.tacv2", Name: "Security", Channels: []Channel{
				{ID: DemoSecurity, Name: "security", Members: []string{"carol", "bob"}},
			}},
		},
	}
}

// DemoPlugin is the plugin's set-up for the demo's tenant.
func DemoPlugin(at standin.Place) standin.Demo {
	return standin.Demo{
		Config: "app_id: " + DemoApp + "\ntenant: " + DemoTenant + "\napp_secret: " + DemoSecret + "\n" +
			"channels:\n  \"#access-requests\": \"" + DemoChannel + "\"\n" +
			"graph: install\ncatalog_app_id: " + DemoCatalog + "\n" + endpoints(at.BaseURL),
		Recipients: []string{"#access-requests"},
		Tenant:     DemoTenant, Accounts: map[string]string{"alice": demoAlice, "ivan": demoIvan, "bob": demoBob},
	}
}

// endpoints leads a plugin to a stand-in.
func endpoints(base string) string {
	return "endpoints:\n  login: " + base + "/login\n  openid: " + base + openIDPath + "\n  connector: " + base +
		"/smba/teams\n  graph: " + base + "/graph\n"
}
