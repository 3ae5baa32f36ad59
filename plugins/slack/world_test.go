package slack

import (
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/slack/slacksim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sealSecret = "a-secret-that-all-replicas-share"
	patience   = 10 * time.Second
)

// world is a Slack workspace, the plugin, and what the plugin handed over.
type world struct {
	t         *testing.T
	sim       *slacksim.Sim
	bot       plugins.Notifier
	decisions *plugintest.Decisions
	logs      *obstest.Log
}

// setting changes what a world is made of.
type setting struct {
	workspace slacksim.Config
	config    Config
	deps      plugins.Deps
}

func viaHTTP(s *setting)   { s.config.Mode = ModeHTTP }
func viaSocket(s *setting) { s.config.Mode = ModeSocket }

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &plugintest.Decisions{}, logs: &obstest.Log{}}
	slackServer, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + slackServer.Listener.Addr().String() + "/slack"
	s := w.settings(base)
	for _, do := range change {
		do(&s)
	}
	options := standin.Options{BaseURL: base, Seed: 1}
	if s.config.inbound() == ModeHTTP {
		options.CallbackURL = "http://" + callbacks.Listener.Addr().String() + "/callback"
	}
	sim, err := slacksim.New(s.workspace, options)
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	slackServer.Config.Handler = http.StripPrefix("/slack", sim)
	slackServer.Start()
	if w.bot, err = open(t.Context(), &s.config, s.deps); err != nil {
		t.Fatal(err)
	}
	if receiver, ok := w.bot.(plugins.Receiver); ok {
		callbacks.Config.Handler = receiver.Handler(w.decisions)
	}
	callbacks.Start()
	t.Cleanup(func() {
		callbacks.Close()
		_ = sim.Close()
		s.deps.HTTP.CloseIdleConnections()
		slackServer.Close()
		w.assertNoSecretIn(w.logs.String())
	})
	return w
}

func (w *world) settings(base string) setting {
	return setting{
		workspace: slacksim.Demo(),
		config: Config{
			APIURL: config.Address(base + "/api"), BotToken: secret.New(slacksim.DemoBotToken),
			AppToken: secret.New(slacksim.DemoAppToken), SigningSecret: secret.New(slacksim.DemoSigningSecret),
		},
		deps: plugins.Deps{
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			HTTP:   vendorhttp.New(vendorhttp.Options{}), Now: time.Now, Seal: plugins.NewSealer([]byte(sealSecret)),
			DecideInChat: true,
		},
	}
}

func (w *world) assertNoSecretIn(text string) {
	w.t.Helper()
	secrettest.AssertAbsent(w.t, text, slacksim.DemoBotToken, slacksim.DemoAppToken, slacksim.DemoSigningSecret, sealSecret)
	if strings.Contains(text, "/actions/T0ACCEDE/") {
		w.t.Error("a response address, which is a credential, leaks into the log")
	}
}

// post puts a card into a channel and returns it as the stand-in shows it.
func (w *world) post(channel, key string, card plugins.Card) (plugins.Ref, slacksim.SeenMessage) {
	w.t.Helper()
	r, err := w.bot.Post(w.t.Context(), plugins.Destination{ID: channel}, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, w.message(r)
}

func (w *world) message(r plugins.Ref) slacksim.SeenMessage {
	w.t.Helper()
	at, err := decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range w.sim.Messages() {
		if m.Channel == at.channel && m.TS == at.ts {
			return m
		}
	}
	w.t.Fatalf("there is no message %s", r)
	return slacksim.SeenMessage{}
}

func (w *world) click(user string, m slacksim.SeenMessage, actionID string) slacksim.Result {
	w.t.Helper()
	result, err := w.sim.Click(w.t.Context(), slacksim.Click{User: user, Channel: m.Channel, TS: m.TS, ActionID: actionID})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// whispers returns the texts that only this person sees.
func (w *world) whispers(user string) []string {
	var out []string
	for _, m := range w.sim.Ephemerals(user) {
		out = append(out, textsOf(w.t, m.Blocks))
	}
	return out
}

// textsOf joins every text inside blocks.
func textsOf(t *testing.T, blocks json.RawMessage) string {
	t.Helper()
	var parsed any
	if len(blocks) > 0 {
		if err := json.Unmarshal(blocks, &parsed); err != nil {
			t.Fatal(err)
		}
	}
	var texts []string
	collectTexts(parsed, &texts)
	return strings.Join(texts, "\n")
}

func collectTexts(value any, texts *[]string) {
	switch typed := value.(type) {
	case []any:
		for _, one := range typed {
			collectTexts(one, texts)
		}
	case map[string]any:
		if text, ok := typed["text"].(string); ok {
			*texts = append(*texts, text)
		}
		for _, name := range []string{"text", "label", "fields", "elements"} {
			collectTexts(typed[name], texts)
		}
	}
}

const requestID = plugintest.RequestID

func ivan() v1.PersonRef { return v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"} }

func bob() v1.PersonRef { return v1.PersonRef{Name: "bob", DisplayName: "Bob Okafor"} }

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }

func review(by v1.PersonRef, verdict v1.Verdict, reason string) v1.Review {
	return plugintest.Review(by, verdict, reason, Name)
}
