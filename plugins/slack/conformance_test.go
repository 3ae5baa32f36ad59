package slack_test

import (
	"context"
	"encoding/json"
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
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/slack"
	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
)

const channel = "C0ACCESS"

func TestConformanceWithCallbacks(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(slack.ModeHTTP))
}

func TestConformanceWithSocketMode(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(slack.ModeSocket))
}

func subject(mode slack.Mode) plugintest.Subject {
	return plugintest.Subject{
		Spec:      slack.Spec(),
		Update:    flag.Lookup("update").Value.String() == "true",
		NewVendor: func(t *testing.T, callbackURL string) plugintest.Vendor { return newVendor(t, mode, callbackURL) },
		Secrets:   []string{slacksim.DemoBotToken, slacksim.DemoAppToken, slacksim.DemoSigningSecret},
	}
}

func newVendor(t *testing.T, mode slack.Mode, callbackURL string) plugintest.Vendor {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	options := standin.Options{BaseURL: "http://" + server.Listener.Addr().String() + "/slack", Seed: 1}
	if mode == slack.ModeHTTP {
		options.CallbackURL = callbackURL
	}
	sim, err := slacksim.New(slacksim.Demo(), options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/slack", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	vendor := plugintest.Vendor{
		Config: &slack.Config{
			APIURL: config.Address(options.BaseURL + "/api/"), Mode: mode, BotToken: secret.New(slacksim.DemoBotToken),
			AppToken: secret.New(slacksim.DemoAppToken), SigningSecret: secret.New(slacksim.DemoSigningSecret),
		},
		Destination: plugins.Destination{ID: channel, Name: "#access-requests"}, Recipient: "#access-requests",
		Creates:  func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/chat.postMessage") },
		Messages: func() []plugintest.Message { return shownIn(t, sim) },
		Click: func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			return click(ctx, t, sim, m, verdict)
		},
	}
	if mode == slack.ModeHTTP {
		vendor.Forge = func(ctx context.Context, forgery plugintest.Forgery) (int, error) {
			result, err := sim.Forge(ctx, slacksim.Forgery{Kind: string(forgery)})
			return result.Status, err
		}
	}
	return vendor
}

// click presses a button; with Socket Mode it first waits for the plugin to be connected.
func click(ctx context.Context, t *testing.T, sim *slacksim.Sim, m plugintest.Message, verdict v1.Verdict) error {
	t.Helper()
	press := slacksim.Click{User: "ivan", Channel: channel, TS: m.ID, ActionID: string(verdict)}
	for seen := sim.Changes().Version(); ; seen = sim.Changes().Wait(ctx, seen) {
		result, err := sim.Click(ctx, press)
		if err != nil || result.OK {
			return err
		}
		if ctx.Err() != nil || len(sim.Connections()) > 0 {
			return errors.New(result.ShownError)
		}
	}
}

func shownIn(t *testing.T, sim *slacksim.Sim) []plugintest.Message {
	t.Helper()
	var out []plugintest.Message
	for _, m := range sim.Messages() {
		if m.Channel == channel && !m.Deleted {
			out = append(out, describe(t, m))
		}
	}
	return out
}

// describe shows a message to the suite. An outcome, which is no reply in Slack's sense, belongs to a card all the same.
func describe(t *testing.T, m slacksim.SeenMessage) plugintest.Message {
	t.Helper()
	var blocks []map[string]any
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	out := plugintest.Message{ID: m.TS, Key: m.Key, Reply: m.ThreadTS != "" && m.ThreadTS != m.TS || blocks[0]["type"] != "header"}
	out.Live = append(out.Live, alive.FindAllString(m.Text, -1)...)
	for _, block := range blocks {
		if block["block_id"] != "accede_actions" {
			delete(block, "block_id") // the stand-in made it up
		}
		inspect(block, &out)
	}
	out.Golden = map[string]any{"text": m.Text, "blocks": blocks}
	return out
}

var (
	alive = regexp.MustCompile(`<[^>]*>?`)
	// ours is the markup that the plugin writes itself: labels, dates and the link to the core.
	ours = regexp.MustCompile(`^(\*[A-Z][a-z; ]+\*|[0-9: UTC-]+\n<!date\^[^<>]*>|<https://accede\.example\.com/[^<>|]*\|Open in Accede>)$`)
)

func inspect(value any, into *plugintest.Message) {
	switch typed := value.(type) {
	case []any:
		for _, one := range typed {
			inspect(one, into)
		}
	case map[string]any:
		text, _ := typed["text"].(string)
		if text != "" {
			into.Text += text + "\n"
		}
		if typed["type"] == "mrkdwn" && !ours.MatchString(text) {
			into.Live = append(into.Live, text)
		}
		if id := typed["action_id"]; id == "approve" || id == "deny" {
			into.Buttons++
		}
		for _, name := range []string{"text", "fields", "elements"} {
			inspect(typed[name], into)
		}
	}
}
