package jira

import (
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
)

func goodConfig() *Config {
	c := NewConfig()
	c.URL, c.Email, c.Token = "https://example.atlassian.net", "accede@example.com", secret.New("token")
	c.Statuses = Statuses{Pending: "1", Approved: "2", Denied: "3"}
	return c
}

func TestFaultsOfTheConfiguration(t *testing.T) {
	if err := goodConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(c *Config){
		"url: must be an http":                   func(c *Config) { c.URL = "example.atlassian.net" },
		"url: must not contain /rest":            func(c *Config) { c.URL = "https://example.atlassian.net/rest/api/3" },
		"edition: is \"server\"":                 func(c *Config) { c.Edition = "server" },
		"token: is missing":                      func(c *Config) { c.Token = secret.String{} },
		"email: must be the e-mail":              func(c *Config) { c.Email = "" },
		"email: is for Cloud only":               func(c *Config) { c.Edition = DataCenter },
		"token_expires: must be a day":           func(c *Config) { c.TokenExpires = "soon" },
		"issue_type: is empty":                   func(c *Config) { c.IssueType = "" },
		"fields.summary: is filled in":           func(c *Config) { c.Fields = map[string]any{"summary": "x"} },
		"statuses.pending: must be the id":       func(c *Config) { c.Statuses.Pending = "" },
		"statuses.approved: must be the id":      func(c *Config) { c.Statuses.Approved = "Approved" },
		"statuses.denied: is the same":           func(c *Config) { c.Statuses.Denied = "2" },
		"statuses.expired: is the same":          func(c *Config) { c.Statuses.Expired = "2" },
		"statuses.withdrawn: is the same":        func(c *Config) { c.Statuses.Withdrawn = "1" },
		"webhook_secret: is missing":             func(c *Config) { c.Webhooks = true },
		"webhook_secret: is missing or shorter":  func(c *Config) { c.WebhookSecret = secret.New("short") },
		"index_delay: is":                        func(c *Config) { c.IndexDelay = config.Duration(time.Hour) },
		"requests_per_second: is 0; give a numb": func(c *Config) { c.RequestsPerSecond = 0 },
	}
	for want, spoil := range tests {
		c := goodConfig()
		spoil(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestTheAddressTellsEditionAndTenant(t *testing.T) {
	tests := []struct {
		url, tenant string
		cloud       bool
	}{
		{"https://example.atlassian.net", "example.atlassian.net", true},
		{"https://api.atlassian.com/ex/jira/1122-3344/", "1122-3344", true},
		{"https://jira.example.com", "jira.example.com", false},
		{"https://intra.example.com/jira/", "intra.example.com/jira", false},
	}
	for _, tt := range tests {
		c := &Config{URL: config.Address(tt.url)}
		if c.cloud() != tt.cloud || c.tenant() != tt.tenant {
			t.Errorf("%s: cloud %t, tenant %q", tt.url, c.cloud(), c.tenant())
		}
	}
	if c := (&Config{URL: "https://a.atlassian.net", Tenant: "mine", Edition: DataCenter}); c.cloud() || c.tenant() != "mine" {
		t.Error("what the configuration says does not count")
	}
}
