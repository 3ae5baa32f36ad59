package opsgenie_test

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
	"github.com/accede/accede/plugins/opsgenie"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

func TestConformanceOfOperationsByLink(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject("testdata/cards", forOperations))
}

func TestConformanceOfOpsgenieByLink(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject("testdata/cards", forOpsgenie))
}

func TestConformanceOfOperationsByPolledActions(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject("testdata/actions", forOperations, func(c *opsgenie.Config) { c.CustomActions = true }))
}

func TestConformanceOfOpsgenieByActionsAndWebhooks(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject("testdata/actions", forOpsgenie, func(c *opsgenie.Config) {
		c.CustomActions, c.WebhookSecret = true, secret.New(opsgeniesim.DemoWebhookSecret)
	}))
}

func forOperations(c *opsgenie.Config) {
	c.CloudID, c.SiteURL = opsgeniesim.DemoCloudID, c.APIURL
	c.Email, c.APIToken = opsgeniesim.DemoEmail, secret.New(opsgeniesim.DemoToken)
}

func forOpsgenie(c *opsgenie.Config) {
	c.Dialect, c.Account, c.APIKey = opsgenie.DialectOpsgenie, opsgeniesim.DemoAccount, secret.New(opsgeniesim.DemoKey)
}

func subject(golden string, changes ...func(*opsgenie.Config)) plugintest.Subject {
	return plugintest.Subject{
		Spec: opsgenie.Spec(), Golden: golden, Update: flag.Lookup("update").Value.String() == "true",
		NewVendor: func(t *testing.T, callbackURL string) plugintest.Vendor { return newVendor(t, changes, callbackURL) },
		Secrets:   []string{opsgeniesim.DemoKey, opsgeniesim.DemoToken, opsgeniesim.DemoWebhookSecret},
	}
}

func newVendor(t *testing.T, changes []func(*opsgenie.Config), callbackURL string) plugintest.Vendor {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	options := standin.Options{BaseURL: "http://" + server.Listener.Addr().String() + "/opsgenie", Seed: 1}
	settings := opsgenie.NewConfig()
	settings.APIURL, settings.CallsPerMinute = config.Address(options.BaseURL), 0
	for _, change := range changes {
		change(settings)
	}
	account := opsgeniesim.Deciding()
	if !settings.WebhookSecret.IsZero() {
		options.CallbackURL = callbackURL
	}
	sim, err := opsgeniesim.New(account, options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/opsgenie", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	vendor := plugintest.Vendor{
		Config: settings, Destination: plugins.Destination{ID: "team/" + opsgeniesim.DemoTeam, Name: "Access Requests"},
		Recipient: "Access Requests",
		Creates: func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/alerts")
		},
		Messages: func() []plugintest.Message { return shown(sim) },
	}
	if settings.CustomActions {
		vendor.Click = func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			return click(ctx, sim, m, verdict)
		}
	}
	if options.CallbackURL != "" {
		vendor.Forge = func(_ context.Context, forgery plugintest.Forgery) (int, error) {
			return sim.Forge(string(forgery), nil)
		}
	}
	return vendor
}

func click(ctx context.Context, sim *opsgeniesim.Sim, m plugintest.Message, verdict v1.Verdict) error {
	action := map[v1.Verdict]string{v1.Approve: "approve", v1.Deny: "deny"}[verdict]
	reaction, err := sim.Do(ctx, standin.Deed{Person: "ivan", Post: m.ID, Action: action})
	if err == nil && !reaction.OK {
		err = errors.New("the plugin did not take the webhook")
	}
	return err
}

// shown describes what people see: the alerts and their notes.
func shown(sim *opsgeniesim.Sim) []plugintest.Message {
	var out []plugintest.Message
	for _, a := range sim.Alerts() {
		text := a.Message + "\n" + a.Description
		message := plugintest.Message{ID: a.ID, Key: a.Alias, Text: text, Live: alive(text), Golden: map[string]any{
			"message": a.Message, "description": strings.Split(a.Description, "\n"), "priority": a.Priority, "tags": a.Tags, "actions": a.Actions,
			"for": a.For,
		}}
		if a.Status == "open" {
			message.Buttons = len(a.Actions)
		}
		out = append(out, message)
		for _, n := range a.Notes {
			out = append(out, plugintest.Message{ID: n.ID, Reply: true, Text: n.Text, Live: alive(n.Text)})
		}
	}
	return out
}

// comesAlive is what the services turn into links, HTML and mentions. The link to the core is ours.
var comesAlive = regexp.MustCompile(`(?i)(https?://|www\.|mailto:|javascript:)\S*|<[a-z/!]|&[a-z#]|@[a-z0-9]`)

func alive(text string) []string {
	return comesAlive.FindAllString(strings.ReplaceAll(text, "https://accede.example.com/", ""), -1)
}
