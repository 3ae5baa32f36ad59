package servicenowsim

import "github.com/accede/accede/plugins/standin"

// The credentials of the demo instance. They open nothing but this stand-in.
const (
	DemoAccount       = "accede.integration"
	DemoPassword      = "demo-servicenow-password"
	DemoClientID      = "0demo1client2id3000000000000accede"
	DemoClientSecret  = "demo-servicenow-client-secret"
	DemoWebhookSecret = "demo-servicenow-webhook-secret-0123"
)

// Ids of the demo instance.
const (
	DemoTenant = "accede-demo"
	DemoRota   = "ca11000000000000000000000000d0a1"
	DemoGroup  = "9009000000000000000000000000d0a1"
	DemoAlice  = "05e2000000000000000000000000a11c"
	DemoIvan   = "05e200000000000000000000000017a4"
	DemoBob    = "05e200000000000000000000000000b0"
	DemoCarol  = "05e2000000000000000000000000ca01"
	DemoDave   = "05e2000000000000000000000000da7e"
	DemoAdmin  = "05e2000000000000000000000000ad01"
	DemoBot    = "05e2000000000000000000000000b077"
)

// DemoGroupName is the assignment group that the demo's requests go to.
const DemoGroupName = "Database Access"

// Demo is the instance of the demo: alice asks, ivan and bob decide, carol is linked to nobody, dave may not approve, and
// an administrator can change everything.
func Demo() Config {
	return Config{
		Instance: "Accede Demo", Table: "incident",
		Account: DemoAccount, Password: DemoPassword, ClientID: DemoClientID, ClientSecret: DemoClientSecret,
		WebhookSecret: DemoWebhookSecret, AskApproval: true,
		Users: []User{
			{ID: DemoAlice, UserName: "alice", Name: "Alice Moreau", Email: "alice@example.com"},
			{ID: DemoIvan, UserName: "ivan", Name: "Ivan Petrov", Email: "ivan@example.com"},
			{ID: DemoBob, UserName: "bob", Name: "Bob Okafor", Email: "bob@example.com"},
			{ID: DemoCarol, UserName: "carol", Name: "Carol Lindqvist", Email: "carol@example.com"},
			{ID: DemoDave, UserName: "dave", Name: "Dave Guest", Email: "dave@example.com", Limited: true},
			{ID: DemoAdmin, UserName: "admin", Name: "System Administrator", Email: "admin@example.com", Admin: true},
			{ID: DemoBot, UserName: DemoAccount, Name: "Accede", Email: "accede@example.com", Integration: true},
		},
		Groups: []Group{{ID: DemoGroup, Name: DemoGroupName, Members: []string{DemoIvan, DemoBob, DemoCarol}}},
		Rotas:  []Rota{{ID: DemoRota, Name: "Database on call", Group: DemoGroup, Line: []string{DemoIvan, DemoBob}}},
	}
}

// DemoPlugin is the plugin's set-up for the demo instance.
func DemoPlugin(at standin.Place) standin.Demo {
	config := "instance_url: " + at.BaseURL + "\ntenant: " + DemoTenant + "\nclient_id: " + DemoClientID +
		"\nclient_secret: " + DemoClientSecret + "\ntable: incident\nrequester_field: caller_id\n" +
		"fields:\n  urgency: \"3\"\n  impact: \"3\"\nrequests_per_second: 100\n"
	if at.CallbackURL != "" {
		config += "webhook_secret: " + DemoWebhookSecret + "\n"
	}
	return standin.Demo{
		Config: config, Recipients: []string{DemoGroupName}, Tenant: DemoTenant,
		Accounts: map[string]string{"alice": DemoAlice, "ivan": DemoIvan, "bob": DemoBob}, Schedule: DemoRota,
	}
}
