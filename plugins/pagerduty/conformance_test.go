package pagerduty_test

import (
	"context"
	"errors"
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
	"github.com/accede/accede/plugins/pagerduty"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

func TestConformanceByLink(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(pagerdutysim.Demo(), "testdata/cards", nil))
}

func TestConformanceByWorkflow(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(pagerdutysim.Deciding("workflow"), "testdata/workflow", func(c *pagerduty.Config) {
		c.DecideBy = []pagerduty.Way{pagerduty.ByWorkflow}
		c.ApproveWorkflow, c.DenyWorkflow = "PWFAPPR", "PWFDENY"
		c.WebhookSecret = secret.New(pagerdutysim.DemoWebhookSecret)
	}))
}

func TestConformanceByPolledField(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(pagerdutysim.Deciding("field"), "testdata/field", func(c *pagerduty.Config) {
		c.DecideBy, c.Field = []pagerduty.Way{pagerduty.ByField}, "access_decision"
	}))
}

func TestConformanceByNoteAndScopedToken(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(pagerdutysim.Deciding("note"), "testdata/note", func(c *pagerduty.Config) {
		c.DecideBy = []pagerduty.Way{pagerduty.ByNote}
		c.APIKey = secret.String{}
		c.ClientID, c.ClientSecret = pagerdutysim.DemoClientID, secret.New(pagerdutysim.DemoClientSecret)
		c.WebhookSecret = secret.New(pagerdutysim.DemoWebhookSecret)
	}))
}

func subject(account pagerdutysim.Config, golden string, change func(*pagerduty.Config)) plugintest.Subject {
	return plugintest.Subject{
		Spec: pagerduty.Spec(), Golden: golden, Update: flag.Lookup("update").Value.String() == "true",
		NewVendor: func(t *testing.T, callbackURL string) plugintest.Vendor {
			return newVendor(t, account, change, callbackURL)
		},
		Secrets: []string{pagerdutysim.DemoKey, pagerdutysim.DemoClientSecret, pagerdutysim.DemoWebhookSecret},
	}
}

func newVendor(t *testing.T, account pagerdutysim.Config, change func(*pagerduty.Config), callbackURL string) plugintest.Vendor {
	t.Helper()
	settings := pagerduty.NewConfig()
	settings.Subdomain, settings.From, settings.APIKey = "accede-demo", "accede@example.com", secret.New(pagerdutysim.DemoKey)
	settings.CallsPerMinute = 0
	if change != nil {
		change(settings)
	}
	server := httptest.NewUnstartedServer(nil)
	options := standin.Options{BaseURL: "http://" + server.Listener.Addr().String() + "/pagerduty", Seed: 1}
	if !settings.WebhookSecret.IsZero() {
		options.CallbackURL = callbackURL
	}
	settings.APIURL = config.Address(options.BaseURL)
	sim, err := pagerdutysim.New(account, options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/pagerduty", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	vendor := plugintest.Vendor{
		Config: settings, Destination: plugins.Destination{ID: "PSVCREQ", Name: "Access Requests"}, Recipient: "Access Requests",
		Creates: func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/incidents")
		},
		Messages: func() []plugintest.Message { return shown(sim) },
	}
	if account.DecideBy == "" {
		return vendor
	}
	vendor.Click = func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
		action := map[v1.Verdict]string{v1.Approve: "approve", v1.Deny: "deny"}[verdict]
		reaction, err := sim.Do(ctx, standin.Deed{Person: "ivan", Post: m.ID, Action: action})
		if err == nil && !reaction.OK {
			err = errors.New("the plugin did not take the webhook")
		}
		return err
	}
	if options.CallbackURL != "" {
		vendor.Forge = func(_ context.Context, forgery plugintest.Forgery) (int, error) {
			return sim.Forge(string(forgery), nil)
		}
	}
	return vendor
}

// shown describes what people see in PagerDuty: the incidents of the service and their notes.
func shown(sim *pagerdutysim.Sim) []plugintest.Message {
	var out []plugintest.Message
	for _, i := range sim.Incidents() {
		if i.Service != "PSVCREQ" {
			continue
		}
		text := i.Title + "\n" + i.Details + "\n" + i.Resolution
		message := plugintest.Message{ID: i.ID, Key: i.Key, Text: text, Live: alive(text), Golden: map[string]any{
			"title": i.Title, "details": strings.Split(i.Details, "\n"), "status": i.Status, "urgency": i.Urgency,
		}}
		if i.Status != "resolved" && strings.Contains(i.Details, "Decide there, or here: ") {
			message.Buttons = 2
		}
		out = append(out, message)
		for _, n := range i.Notes {
			if n.By == "accede" {
				out = append(out, plugintest.Message{ID: n.ID, Reply: true, Text: n.Content, Live: alive(n.Content)})
			}
		}
	}
	return out
}

// address is what PagerDuty turns into a link. The link to the core is ours.
var address = regexp.MustCompile(`(?i)(https?://|www\.|mailto:|javascript:)\S*`)

func alive(text string) []string {
	return address.FindAllString(strings.ReplaceAll(text, "https://accede.example.com/", ""), -1)
}
