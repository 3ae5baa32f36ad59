package pagerdutysim

import "github.com/accede/accede/plugins/standin"

// The credentials of the demo account. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoKey           = "u+demo0pagerduty0key"
	DemoReadOnlyKey   = "u+demo0readonly00key"
	DemoUserKey       = "u+demo0user000000key"
	DemoClientID      = "demo-client-id"
	DemoClientSecret  = "demo-client-secret-of-pagerduty"
	DemoWebhookSecret = "lDQHScfUeXUKaQRNF0demo0webhook0secret"
)

// DemoScopes are what a scoped app of the demo may do.
func DemoScopes() []string {
	return []string{
		"incidents.read", "incidents.write", "services.read", "users.read", "oncalls.read", "schedules.read",
		"escalation_policies.read",
	}
}

// Demo is the account of the demo: a service for requests, a database schedule of each generation, and the people of the
// demo. Nobody can decide inside PagerDuty; incidents carry a link.
func Demo() Config {
	return Config{
		Subdomain: "accede-demo", Region: "us",
		Keys: []Key{
			{Value: DemoKey},
			{Value: DemoReadOnlyKey, ReadOnly: true},
			{Value: DemoUserKey, User: "PACCEDE"},
		},
		Clients: []Client{{ID: DemoClientID, Secret: DemoClientSecret, Scopes: DemoScopes()}},
		Users: []User{
			{ID: "PACCEDE", Name: "accede", FullName: "Accede", Email: "accede@example.com", Role: "limited_user"},
			{ID: "PALICE1", Name: "alice", FullName: "Alice Moreau", Email: "alice@example.com", Role: "limited_user"},
			{ID: "PIVAN01", Name: "ivan", FullName: "Ivan Petrov", Email: "ivan@example.com", Role: "user"},
			{ID: "PBOB001", Name: "bob", FullName: "Bob Okafor", Email: "bob@example.com", Role: "user"},
			{ID: "PCAROL1", Name: "carol", FullName: "Carol Lindqvist", Email: "carol@example.com", Role: "user"},
			{ID: "PDAVE01", Name: "dave", FullName: "Dave Guest", Email: "dave@example.com", Role: "read_only_limited_user"},
			{ID: "PMALLRY", Name: "mallory", FullName: "Mallory Evans", Email: "mallory@evil.example", Outside: true},
		},
		Services: []Service{
			{ID: "PSVCREQ", Name: "Access Requests", Policy: "PPOLDB1"},
			{ID: "PSVCDB1", Name: "Database", Policy: "PPOLDB1"},
			{ID: "PSVCOLD", Name: "Old Access Requests", Policy: "PPOLDB1", Disabled: true},
		},
		Policies: []Policy{
			{ID: "PPOLDB1", Name: "Database", Levels: [][]string{{"PDEMO1"}, {"PDEMO2"}, {"PBOB001"}}},
			{ID: "PPOLSUN", Name: "Around the world", Levels: [][]string{{"PDEMO3"}}},
		},
		Schedules: []Schedule{
			{
				ID: "PDEMO1", Name: "Database primary", TimeZone: "Europe/Berlin",
				Layers: []Layer{{Users: []string{"PIVAN01", "PBOB001"}, Start: "2026-01-05", Days: 7, From: "09:00"}},
			},
			{
				ID: "PDEMO2", Name: "Database secondary", TimeZone: "Europe/Berlin",
				Layers: []Layer{{Users: []string{"PCAROL1"}, Start: "2026-01-05", Days: 7, From: "09:00"}},
			},
			{
				ID: "PDEMO3", Name: "Follow the sun", TimeZone: "UTC", ShiftBased: true,
				Layers: []Layer{
					{Users: []string{"PIVAN01"}, Start: "2026-01-05", From: "06:00", Hours: 12},
					{Users: []string{"PBOB001"}, Start: "2026-01-05", From: "18:00", Hours: 12},
				},
			},
		},
	}
}

// Deciding is the demo account with everything that lets people decide inside PagerDuty, used in one way.
func Deciding(by string) Config {
	config := Demo()
	config.DecideBy = by
	config.Workflows = []Workflow{
		{ID: "PWFAPPR", Name: "Approve access", Verdict: "approve"},
		{ID: "PWFDENY", Name: "Deny access", Verdict: "deny"},
	}
	config.Fields = []Field{{ID: "PFIELD1", Name: "access_decision", Options: []string{"approve", "deny"}}}
	config.Subscriptions = []Subscription{{ID: "PSUB001", Secrets: []string{DemoWebhookSecret}, Service: "PSVCREQ", Events: []string{
		"incident.annotated", "incident.custom_field_values.updated", "incident.workflow.started", "incident.acknowledged",
		"incident.resolved", "incident.triggered",
	}}}
	for i := range config.Clients {
		config.Clients[i].Scopes = append(config.Clients[i].Scopes, "incident_workflows.read", "webhook_subscriptions.read")
	}
	return config
}

// DemoPlugin is the plugin's set-up for the demo account. It keeps to no limit of its own: the switches of the stand-in do.
func DemoPlugin(at standin.Place) standin.Demo {
	return standin.Demo{
		Config: "api_url: " + at.BaseURL + "\nsubdomain: accede-demo\napi_key: " + DemoKey +
			"\nfrom: accede@example.com\ncalls_per_minute: 0\n",
		Recipients: []string{"Access Requests"},
		Tenant:     "accede-demo",
		Accounts:   map[string]string{"alice": "PALICE1", "ivan": "PIVAN01", "bob": "PBOB001"},
		Schedule:   "PDEMO1",
	}
}
