package teams

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
	"github.com/accede/accede/plugins/vendorhttp"
)

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sealSecret = "a-secret-that-all-replicas-share"
	patience   = 10 * time.Second
)

// world is a tenant of Teams, the plugin, and what the plugin handed over.
type world struct {
	t         *testing.T
	sim       *teamssim.Sim
	bot       *bot
	decisions *plugintest.Decisions
	board     *plugintest.Board
	notebook  *notebook
	logs      *obstest.Log
	clock     *clock.Shifted
}

// notebook stands for the core's.
type notebook struct {
	mu      sync.Mutex
	entries map[string]string
	err     error
	writes  int
}

func (n *notebook) Keep(_ context.Context, key, value string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.writes++
	n.entries[key] = value
	return n.err
}

func (n *notebook) Recall(_ context.Context, key string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.entries[key], n.err
}

// setting changes what a world is made of.
type setting struct {
	tenant teamssim.Config
	config Config
	deps   plugins.Deps
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	w := &world{
		t: t, decisions: &plugintest.Decisions{}, board: &plugintest.Board{}, notebook: &notebook{entries: map[string]string{}}, logs: &obstest.Log{},
		clock: &clock.Shifted{},
	}
	server, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/teams"
	s := w.settings(base)
	for _, do := range change {
		do(&s)
	}
	sim, err := teamssim.New(s.tenant, standin.Options{
		BaseURL: base, CallbackURL: "http://" + callbacks.Listener.Addr().String() + "/callback", Seed: 1, Clock: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	server.Config.Handler = http.StripPrefix("/teams", sim)
	server.Start()
	opened, err := open(t.Context(), &s.config, s.deps)
	if err != nil {
		t.Fatal(err)
	}
	w.bot = opened.(*bot) //nolint:errcheck // what open returns
	callbacks.Config.Handler = w.bot.Handler(w.decisions)
	callbacks.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		callbacks.Close()
		s.deps.HTTP.CloseIdleConnections()
		server.Close()
		secrettest.AssertAbsent(t, w.logs.String(), teamssim.DemoSecret, sealSecret, "eyJ0eXAiOiJKV1QifQ.")
	})
	return w
}

func (w *world) settings(base string) setting {
	c := NewConfig()
	c.AppID, c.Tenant, c.AppSecret = teamssim.DemoApp, teamssim.DemoTenant, secret.New(teamssim.DemoSecret)
	c.Channels = map[string]string{"#access-requests": teamssim.DemoChannel}
	c.Graph, c.CatalogAppID = GraphInstall, teamssim.DemoCatalog
	c.Endpoints = Endpoints{
		Login: config.Address(base + "/login"), Connector: config.Address(base + "/smba/teams"),
		OpenID: config.Address(base + "/botframework/v1/.well-known/openidconfiguration"), Graph: config.Address(base + "/graph"),
	}
	return setting{
		tenant: teamssim.Demo(), config: *c,
		deps: plugins.Deps{
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			HTTP:   vendorhttp.New(vendorhttp.Options{}), Now: w.clock.Now, Seal: plugins.NewSealer([]byte(sealSecret)),
			Cards: w.board, Notebook: w.notebook, DecideInChat: true,
		},
	}
}

// counted makes the host tell that every click counted.
func (w *world) counted() {
	w.decisions.Then(func(d v1.Decision) {
		result := v1.DecisionResult{Code: v1.CodeCounted, Message: "Your approval counts: 1 of 2."}
		if err := w.bot.Answer(w.t.Context(), d, result); err != nil {
			w.t.Error(err)
		}
	})
}

const access = "#access-requests"

func channelPlace() plugins.Destination {
	return plugins.Destination{ID: teamssim.DemoChannel, Name: access}
}

// post puts a card somewhere, lets the core know, and returns it as the stand-in shows it.
func (w *world) post(to plugins.Destination, key string, card plugins.Card) (plugins.Ref, teamssim.SeenMessage) {
	w.t.Helper()
	r, err := w.bot.Post(w.t.Context(), to, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	w.board.Put(plugins.Posted{Card: card, Destination: to, Ref: r})
	return r, w.message(r)
}

func (w *world) message(r plugins.Ref) teamssim.SeenMessage {
	w.t.Helper()
	at, err := w.bot.decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.seen(at.activity)
}

func (w *world) seen(id string) teamssim.SeenMessage {
	w.t.Helper()
	for _, m := range w.sim.Messages() {
		if m.ID == id {
			return m
		}
	}
	w.t.Fatalf("there is no message %s", id)
	return teamssim.SeenMessage{}
}

func (w *world) click(user, message, verb string) teamssim.Result {
	w.t.Helper()
	return w.press(teamssim.Click{User: user, Message: message, Verb: verb})
}

func (w *world) press(c teamssim.Click) teamssim.Result {
	w.t.Helper()
	result, err := w.sim.Click(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// in lists what stands in a room, targeted messages included.
func (w *world) in(room string) (out []teamssim.SeenMessage) {
	for _, m := range w.sim.Messages() {
		if m.Room == room && !m.Deleted {
			out = append(out, m)
		}
	}
	return out
}

func (w *world) eventually(what string, condition func() bool) {
	w.t.Helper()
	eventually.True(w.t, patience, what, condition)
}

func (w *world) wantContains(text string, parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.t.Errorf("%q lacks %q", text, part)
		}
	}
}

const requestID = plugintest.RequestID

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }
