package mattermost

import (
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	goleak.VerifyTestMain(m)
}

const sealSecret = "a-secret-that-all-replicas-share"

const access = "accessrequests000000000000"

// world is a Mattermost server, the plugin, and what the plugin handed over.
type world struct {
	t         *testing.T
	sim       *mattermostsim.Sim
	bot       *bot
	plugin    plugins.Notifier
	decisions *plugintest.Decisions
	logs      *obstest.Log
	callback  string
}

// setting changes what a world is made of.
type setting struct {
	server   mattermostsim.Config
	config   Config
	deps     plugins.Deps
	simClock func() time.Time
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &plugintest.Decisions{}, logs: &obstest.Log{}}
	server, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/mattermost"
	w.callback = "http://" + callbacks.Listener.Addr().String() + "/callback"
	s := w.settings(base)
	for _, do := range change {
		do(&s)
	}
	sim, err := mattermostsim.New(s.server, standin.Options{BaseURL: base, CallbackURL: w.callback, Seed: 1, Clock: s.simClock})
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	server.Config.Handler = http.StripPrefix("/mattermost", sim)
	server.Start()
	if w.plugin, err = open(t.Context(), &s.config, s.deps); err != nil {
		t.Fatal(err)
	}
	w.bot = w.inner()
	w.bot.inlineWait = 50 * time.Millisecond
	if receiver, ok := w.plugin.(plugins.Receiver); ok {
		callbacks.Config.Handler = http.StripPrefix("/callback", receiver.Handler(w.decisions))
	}
	callbacks.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		callbacks.Close()
		s.deps.HTTP.CloseIdleConnections()
		server.Close()
		w.assertNoSecretIn(w.logs.String())
	})
	return w
}

func (w *world) inner() *bot {
	w.t.Helper()
	if typed, ok := w.plugin.(*clickable); ok {
		return typed.bot
	}
	return w.plugin.(*bot) //nolint:errcheck // a bot of this package
}

func (w *world) settings(base string) setting {
	return setting{
		server: mattermostsim.Demo(),
		config: Config{
			URL: config.Address(base), Token: secret.New(mattermostsim.DemoToken), Team: "main", Email: EmailSSO,
			CallbackURL: config.Address(w.callback), Tenant: "chat.demo.example",
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
	secrettest.AssertAbsent(w.t, text, mattermostsim.DemoToken, sealSecret)
}

// post puts a card into a channel and returns it as the stand-in shows it.
func (w *world) post(channel, key string, card plugins.Card) (plugins.Ref, mattermostsim.SeenPost) {
	w.t.Helper()
	r, err := w.bot.Post(w.t.Context(), plugins.Destination{ID: channel}, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, w.message(r)
}

func (w *world) message(r plugins.Ref) mattermostsim.SeenPost {
	w.t.Helper()
	at, err := decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range w.sim.Messages() {
		if m.ID == at.post {
			return m
		}
	}
	w.t.Fatalf("there is no message %s", r)
	return mattermostsim.SeenPost{}
}

func (w *world) click(user string, m mattermostsim.SeenPost, action string) mattermostsim.Result {
	w.t.Helper()
	result, err := w.sim.Click(w.t.Context(), mattermostsim.Click{User: user, Post: m.ID, Action: action})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) forge(kind, user string) mattermostsim.Result {
	w.t.Helper()
	result, err := w.sim.Forge(w.t.Context(), mattermostsim.Forgery{Kind: kind, User: user})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// submit sends off the dialog that bob has open.
func (w *world) submit(reason string) mattermostsim.Result {
	w.t.Helper()
	result, err := w.sim.Submit(w.t.Context(), mattermostsim.Submission{User: "bob", Values: map[string]string{formInput: reason}})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// whispers returns the texts that only this person sees.
func (w *world) whispers(user string) []string {
	var out []string
	for _, m := range w.sim.Ephemerals(mattermostsim.DemoID(user)) {
		out = append(out, m.Message)
	}
	return out
}

const requestID = plugintest.RequestID

func ivan() v1.PersonRef { return v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"} }

func bob() v1.PersonRef { return v1.PersonRef{Name: "bob", DisplayName: "Bob Okafor"} }

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }

func review(by v1.PersonRef, verdict v1.Verdict, reason string) v1.Review {
	return plugintest.Review(by, verdict, reason, Name)
}
