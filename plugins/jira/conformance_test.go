package jira_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/jira"
	"github.com/accede/accede/plugins/jira/jirasim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestConformanceOnCloud(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(jirasim.Demo(), true))
}

func TestConformanceOnDataCenter(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(jirasim.DemoDataCenter(), true))
}

func TestConformanceWithPollingAlone(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(jirasim.Demo(), false))
}

func subject(site jirasim.Config, webhooks bool) plugintest.Subject {
	golden := "testdata/cards/cloud"
	if !site.Cloud {
		golden = "testdata/cards/data_center"
	}
	return plugintest.Subject{
		Spec: jira.Spec(), Update: *update, Golden: golden,
		NewVendor: func(t *testing.T, callbackURL string) plugintest.Vendor {
			return newVendor(t, site, webhooks, callbackURL)
		},
		Secrets: []string{jirasim.DemoToken, jirasim.DemoWebhookSecret},
		Kinds:   map[int]plugins.Kind{http.StatusConflict: plugins.Transient},
	}
}

func newVendor(t *testing.T, site jirasim.Config, webhooks bool, callbackURL string) plugintest.Vendor {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	options := standin.Options{BaseURL: "http://" + server.Listener.Addr().String() + "/jira", Seed: 1}
	settings := jira.NewConfig()
	settings.URL, settings.Tenant, settings.Token = config.Address(options.BaseURL), "demo", secret.New(jirasim.DemoToken)
	settings.Edition, settings.IndexDelay, settings.RequestsPerSecond = jira.DataCenter, 0, 1000
	settings.Statuses = jira.Statuses{
		Pending: jirasim.Waiting, Approved: jirasim.Approved, Denied: jirasim.Denied, Expired: jirasim.Expired, Withdrawn: jirasim.Withdrawn,
	}
	if site.Cloud {
		settings.Edition, settings.Email = jira.Cloud, jirasim.DemoEmail
	}
	if webhooks {
		options.CallbackURL, settings.WebhookSecret = callbackURL, secret.New(jirasim.DemoWebhookSecret)
	}
	site.IndexDelay = 0
	sim, err := jirasim.New(site, options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/jira", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	vendor := plugintest.Vendor{
		Config:      settings,
		Destination: plugins.Destination{ID: "10100", Name: "project AR"}, Recipient: "AR",
		Creates: func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issue")
		},
		Messages: func() []plugintest.Message { return shown(sim, site.Cloud) },
		Click: func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			reaction, err := sim.Do(ctx, standin.Deed{Person: "ivan", Post: m.ID, Action: string(verdict)})
			if err == nil && !reaction.OK {
				return fmt.Errorf("the webhook was answered with %d", reaction.Status)
			}
			return err
		},
	}
	if webhooks {
		vendor.Forge = func(ctx context.Context, forgery plugintest.Forgery) (int, error) {
			return sim.Forge(ctx, string(forgery), nil)
		}
	}
	return vendor
}

// ours is the markup that the plugin writes itself: labels, and the link to the core.
var ours = regexp.MustCompile(`^(strong \*[^*]+\*|link https://accede\.example\.com/requests/[0-9a-f-]+)$`)

func shown(sim *jirasim.Sim, cloud bool) []plugintest.Message {
	var out []plugintest.Message
	for _, i := range sim.Issues() {
		m := plugintest.Message{ID: i.Key, Text: i.Summary + "\n" + i.Text, Live: foreign(i.Live)}
		if strings.Contains(i.Text, "To decide, move this issue") && i.Status == jirasim.Waiting {
			m.Buttons = 2
		}
		m.Key = keyOf(i)
		m.Golden = map[string]any{"summary": i.Summary, "description": i.Body, "labels": i.Labels, "status": i.Status, "type": i.Type}
		if !cloud {
			m.Golden = map[string]any{"summary": i.Summary, "description": strings.Split(fmt.Sprint(i.Body), "\n"), "status": i.Status}
		}
		out = append(out, m)
		for _, c := range i.Comments {
			out = append(out, plugintest.Message{ID: i.Key + "/" + c.ID, Key: c.Key, Reply: true, Text: c.Text, Live: foreign(c.Live)})
		}
	}
	return out
}

func keyOf(i jirasim.SeenIssue) string {
	for _, label := range i.Labels {
		if key, ok := strings.CutPrefix(label, "access-delivery-"); ok {
			return key
		}
	}
	return ""
}

func foreign(live []string) []string {
	var found []string
	for _, one := range live {
		if !ours.MatchString(one) {
			found = append(found, one)
		}
	}
	return found
}
