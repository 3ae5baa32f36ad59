package discord_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
)

const channel = discordsim.DemoAccess

func TestConformanceWithCallbacks(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(discord.ModeHTTP))
}

func TestConformanceWithGateway(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, subject(discord.ModeGateway))
}

func subject(mode discord.Mode) plugintest.Subject {
	return plugintest.Subject{
		Spec:      discord.Spec(),
		Update:    flag.Lookup("update").Value.String() == "true",
		NewVendor: func(t *testing.T, callbackURL string) plugintest.Vendor { return newVendor(t, mode, callbackURL) },
		// The last one is how the tokens of interactions begin.
		Secrets: []string{discordsim.DemoBotToken, "aW50ZXJhY3Rpb246"},
	}
}

func newVendor(t *testing.T, mode discord.Mode, callbackURL string) plugintest.Vendor {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	options := standin.Options{BaseURL: "http://" + server.Listener.Addr().String() + "/discord", Seed: 1}
	if mode == discord.ModeHTTP {
		options.CallbackURL = callbackURL
	}
	sim, err := discordsim.New(discordsim.Demo(), options)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = http.StripPrefix("/discord", sim)
	server.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	vendor := plugintest.Vendor{
		Config: &discord.Config{
			APIURL: config.Address(options.BaseURL + "/api/v10"), BotToken: secret.New(discordsim.DemoBotToken), Mode: mode,
			PublicKey: discordsim.Demo().PublicKey(),
		},
		Destination: plugins.Destination{ID: channel, Name: "#access-requests"}, Recipient: "#access-requests",
		Creates: func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages")
		},
		Messages: func() []plugintest.Message { return shownIn(t, sim) },
		Click: func(ctx context.Context, m plugintest.Message, verdict v1.Verdict) error {
			return click(ctx, sim, m, verdict)
		},
	}
	if mode == discord.ModeHTTP {
		vendor.Forge = func(ctx context.Context, forgery plugintest.Forgery) (int, error) {
			result, err := sim.Forge(ctx, discordsim.Forgery{Kind: string(forgery)})
			return result.Status, err
		}
	}
	return vendor
}

// click presses a button; with the Gateway it first waits for the plugin to be connected.
func click(ctx context.Context, sim *discordsim.Sim, m plugintest.Message, verdict v1.Verdict) error {
	press := discordsim.Click{User: "ivan", Channel: channel, Message: m.ID, CustomID: string(verdict)}
	for seen := sim.Changes().Version(); ; seen = sim.Changes().Wait(ctx, seen) {
		result, err := sim.Click(ctx, press)
		if err != nil || result.OK {
			return err
		}
		if ctx.Err() != nil || len(sim.Sessions()) > 0 {
			return errors.New(result.Problem)
		}
	}
}

func shownIn(t *testing.T, sim *discordsim.Sim) []plugintest.Message {
	t.Helper()
	var out []plugintest.Message
	for _, m := range sim.Messages() {
		if m.Channel == channel && !m.Deleted {
			out = append(out, describe(t, m))
		}
	}
	return out
}

func describe(t *testing.T, m discordsim.SeenMessage) plugintest.Message {
	t.Helper()
	out := plugintest.Message{ID: m.ID, Key: m.Key, Reply: m.Reply != "", Text: m.Readable, Live: m.Mentioned}
	for _, live := range m.Live {
		if !ours(m, live) {
			out.Live = append(out.Live, live)
		}
	}
	for _, row := range m.Components {
		for _, b := range row.Components {
			if b.CustomID != "" && !b.Disabled {
				out.Buttons++
			}
		}
	}
	raw, err := json.Marshal(map[string]any{"content": m.Content, "embeds": m.Embeds, "components": m.Components, "flags": m.Flags})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out.Golden); err != nil {
		t.Fatal(err)
	}
	return out
}

// ours says whether something in a message that is more than text is the plugin's own: the title, the word Reason, times,
// and the lines of quotations.
func ours(m discordsim.SeenMessage, live string) bool {
	kind, text, _ := strings.Cut(live, ": ")
	title, _, _ := strings.Cut(m.Readable, "\n")
	return slices.Contains([]string{"time", "quote"}, kind) || kind == "bold" && (text == "Reason" || text == title)
}
