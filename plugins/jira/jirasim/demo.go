package jirasim

import (
	"time"

	"github.com/accede/accede/plugins/standin"
)

// The credentials of the demo site. They open nothing but this stand-in.
//
//nolint:gosec // not secret: every copy of the sandbox has them
const (
	DemoEmail         = "accede@example.com"
	DemoToken         = "ATATT-demo-api-token-4f8a"
	DemoServiceToken  = "ATATT-demo-service-token-77c1"
	DemoWebhookSecret = "demo-webhook-secret-2c91f0"
	DemoCloudID       = "11223344-a1b2-4c3d-8e4f-5a6b7c8d9e0f"
	demoTenant        = "accede-demo"
)

// Ids of the demo's statuses.
const (
	Backlog   = "10000"
	Waiting   = "10001"
	Approved  = "10002"
	Denied    = "10003"
	Expired   = "10004"
	Withdrawn = "10005"
)

// Demo is the site of the demo: alice asks, ivan and bob decide, carol is linked to nobody, dave may only look, mallory is
// from elsewhere and sees nothing, and a robot moves issues by rules.
func Demo() Config {
	all := []string{browse, create, edit, transitions, comments}
	return Config{
		Cloud: true, SiteName: "Accede Demo", CloudID: DemoCloudID, WebhookSecret: DemoWebhookSecret,
		IndexDelay: 2 * time.Second, PageSize: 50, RetryWebhook: 2 * time.Second,
		Users: []User{
			{ID: "557058:accede", Name: "accede", DisplayName: "Accede", Email: DemoEmail, Type: "atlassian", Permissions: all, Roles: []string{"Reviewers"}},
			{ID: "5b10a2844c20165700ede21a", Name: "alice", DisplayName: "Alice Moreau", Email: "alice@example.com", Type: "atlassian", Permissions: all},
			{ID: "5b10a2844c20165700ede22b", Name: "ivan", DisplayName: "Ivan Petrov", Email: "ivan@example.com", Type: "atlassian", Permissions: all, Roles: []string{"Reviewers"}},
			{ID: "5b10a2844c20165700ede23c", Name: "bob", DisplayName: "Bob Okafor", Email: "bob@example.com", Type: "atlassian", HideEmail: true, Permissions: all, Roles: []string{"Reviewers"}},
			{ID: "5b10a2844c20165700ede24d", Name: "carol", DisplayName: "Carol Lindqvist", Email: "carol@example.com", Type: "atlassian", Permissions: all, Roles: []string{"Reviewers"}},
			{ID: "5b10a2844c20165700ede25e", Name: "dave", DisplayName: "Dave Guest", Email: "dave@example.com", Type: "atlassian", Permissions: []string{browse, comments}},
			{ID: "712020:mallory", Name: "mallory", DisplayName: "Mallory Evans", Email: "mallory@evil.example", Type: "atlassian"},
			{ID: "557058:automation", Name: "robot", DisplayName: "Automation for Jira", Type: "app", Permissions: all},
		},
		Tokens: []Token{
			{User: "557058:accede", Value: DemoToken},
			{User: "557058:accede", Value: DemoServiceToken, Service: true},
		},
		Projects: []Project{{ID: "10100", Key: "AR", Name: "Access requests"}, {ID: "10200", Key: "OPS", Name: "Operations"}},
		Statuses: []Status{
			{Backlog, "Backlog"},
			{Waiting, "Waiting"},
			{Approved, "Approved"},
			{Denied, "Denied"},
			{Expired, "Expired"},
			{Withdrawn, "Withdrawn"},
		},
		Initial: Waiting,
		Workflow: map[string][]string{
			Backlog:   {Waiting},
			Waiting:   {Approved, Denied, Expired, Withdrawn, Backlog},
			Approved:  {Waiting},
			Denied:    {Waiting},
			Expired:   {Waiting},
			Withdrawn: {Waiting},
		},
	}
}

// DemoDataCenter is the same site as an instance of Data Center.
func DemoDataCenter() Config {
	c := Demo()
	c.Cloud = false
	for i := range c.Users {
		c.Users[i].ID = "JIRAUSER1010" + string(rune('0'+i))
	}
	c.Tokens = []Token{{User: c.Users[0].ID, Value: DemoToken}}
	return c
}

// DemoPlugin is the plugin's set-up for the demo site.
func DemoPlugin(at standin.Place) standin.Demo {
	section := "edition: cloud\nurl: " + at.BaseURL + "\ntenant: " + demoTenant + "\nemail: " + DemoEmail + "\ntoken: " + DemoToken +
		"\nindex_delay: 3s\nprivate_role: Reviewers\nstatuses: {pending: \"" + Waiting + "\", approved: \"" + Approved +
		"\", denied: \"" + Denied + "\", expired: \"" + Expired + "\", withdrawn: \"" + Withdrawn + "\"}\n"
	if at.CallbackURL != "" {
		section += "webhook_secret: " + DemoWebhookSecret + "\n"
	}
	accounts := map[string]string{}
	for _, u := range Demo().Users {
		switch u.Name {
		case "alice", "ivan", "bob":
			accounts[u.Name] = u.ID
		}
	}
	return standin.Demo{Config: section, Recipients: []string{"AR"}, Tenant: demoTenant, Accounts: accounts}
}
