package servicenow_test

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/servicenow"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func TestConformanceByPolling(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(nil))
}

func TestConformanceByWebhook(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(func(c *servicenow.Config) { c.WebhookSecret = secret.New(servicenowsim.DemoWebhookSecret) }))
}

func TestConformanceWithOAuthAndDisplayValues(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(func(c *servicenow.Config) {
		c.User, c.Password = "", secret.String{}
		c.ClientID, c.ClientSecret = servicenowsim.DemoClientID, secret.New(servicenowsim.DemoClientSecret)
		c.ReadNotes = servicenow.NotesDisplay
	}))
}

func subject(change func(*servicenow.Config)) plugintest.Subject {
	return plugintest.Subject{
		Spec:      servicenow.Spec(),
		Update:    flag.Lookup("update").Value.String() == "true",
		NewVendor: func(t *testing.T, callbackURL string) plugintest.Vendor { return newVendor(t, change, callbackURL) },
		Secrets:   []string{servicenowsim.DemoPassword, servicenowsim.DemoClientSecret, servicenowsim.DemoWebhookSecret},
	}
}

func newVendor(t *testing.T, change func(*servicenow.Config), callbackURL string) plugintest.Vendor {
	t.Helper()
	c := servicenow.NewConfig()
	c.User, c.Password = servicenowsim.DemoAccount, secret.New(servicenowsim.DemoPassword)
	c.RequesterField, c.Tenant, c.RequestsPerSecond = "caller_id", servicenowsim.DemoTenant, 100
	if change != nil {
		change(c)
	}
	options := standin.Options{Seed: 1}
	if !c.WebhookSecret.IsZero() {
		options.CallbackURL = callbackURL
	}
	sim, err := servicenowsim.New(servicenowsim.Demo(), options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/servicenow", sim))
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	c.InstanceURL = config.Address(server.URL + "/servicenow")
	return plugintest.Vendor{
		Config:      c,
		Destination: plugins.Destination{ID: "incident/" + servicenowsim.DemoGroup, Name: "incident for Database Access"},
		Recipient:   servicenowsim.DemoGroupName,
		Creates: func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/table/incident")
		},
		Messages: func() []plugintest.Message { return shown(sim) },
		Click: func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			_, err := sim.Do(ctx, standin.Deed{Person: "ivan", Post: m.ID, Action: string(verdict), Reason: "seen"})
			return err
		},
	}
}

func shown(sim *servicenowsim.Sim) []plugintest.Message {
	var out []plugintest.Message
	records := map[string]map[string]string{}
	for _, r := range sim.Rows("incident") {
		records[r["number"]] = r
	}
	for _, post := range sim.Posts() {
		m := plugintest.Message{
			ID: post.ID, Key: post.Key, Reply: post.Parent != "", Text: post.Text, Buttons: len(post.Actions), Live: live(post.Text),
		}
		if r, isRecord := records[post.ID]; isRecord {
			m.Golden = golden(r)
		}
		out = append(out, m)
	}
	return out
}

// golden is what the plugin wrote into a record.
func golden(r map[string]string) map[string]any {
	out := map[string]any{"description": strings.Split(r["description"], "\n")}
	for _, name := range []string{
		"short_description", "state", "active", "approval", "close_code", "close_notes", "correlation_id", "correlation_display",
		"caller_id", "assignment_group",
	} {
		if r[name] != "" {
			out[name] = r[name]
		}
	}
	return out
}

// comesAlive is what ServiceNow, or a program that shows its notifications, would act on.
var comesAlive = regexp.MustCompile(`(?i)\[/?code|@\[|\S*://\S*`)

func live(text string) []string {
	var found []string
	for _, match := range comesAlive.FindAllString(text, -1) {
		if !strings.HasPrefix(match, "https://accede.example.com/requests/") {
			found = append(found, match)
		}
	}
	return found
}
