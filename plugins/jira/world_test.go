package jira

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/jira/jirasim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

// world is a Jira, the plugin, and what the plugin handed over.
type world struct {
	t         *testing.T
	sim       *jirasim.Sim
	bot       *bot
	decisions *plugintest.Decisions
	board     *plugintest.Board
	logs      *obstest.Log
	clock     *clock.Shifted
}

// setting changes what a world is made of.
type setting struct {
	site   jirasim.Config
	config *Config
}

func onDataCenter(s *setting) {
	s.site = jirasim.DemoDataCenter()
	s.site.IndexDelay = 0
	s.config.Edition, s.config.Email = DataCenter, ""
}

func withWebhooks(s *setting) { s.config.WebhookSecret = secret.New(jirasim.DemoWebhookSecret) }

// editions runs a test on both.
func editions(t *testing.T, test func(t *testing.T, change ...func(*setting))) {
	t.Helper()
	t.Run("cloud", func(t *testing.T) { test(t) })
	t.Run("data center", func(t *testing.T) { test(t, onDataCenter) })
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &plugintest.Decisions{}, board: &plugintest.Board{}, logs: &obstest.Log{}, clock: &clock.Shifted{}}
	server, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/jira"
	s := settings(base)
	for _, do := range change {
		do(s)
	}
	options := standin.Options{BaseURL: base, Seed: 1, Clock: w.clock.Now}
	if s.config.webhooks() {
		options.CallbackURL = "http://" + callbacks.Listener.Addr().String() + "/callback"
	}
	sim, err := jirasim.New(s.site, options)
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	server.Config.Handler = http.StripPrefix("/jira", sim)
	server.Start()
	client := vendorhttp.New(vendorhttp.Options{})
	opened, err := open(t.Context(), s.config, plugins.Deps{
		Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTP: client, Now: w.clock.Now,
		Seal: plugins.NewSealer([]byte("a-secret-that-all-replicas-share")), Cards: w.board, DecideInChat: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.bot = w.open(opened, callbacks)
	callbacks.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		callbacks.Close()
		client.CloseIdleConnections()
		server.Close()
		secrettest.AssertAbsent(t, w.logs.String(), jirasim.DemoToken, jirasim.DemoWebhookSecret, jirasim.DemoServiceToken)
	})
	return w
}

func (w *world) open(opened plugins.Notifier, callbacks *httptest.Server) *bot {
	switch b := opened.(type) {
	case *webhookBot:
		callbacks.Config.Handler = b.Handler(w.decisions)
		return b.bot
	case *bot:
		return b
	default:
		w.t.Fatalf("opened a %T", opened)
		return nil
	}
}

func settings(base string) *setting {
	c := NewConfig()
	c.URL, c.Edition, c.Tenant, c.Email = config.Address(base), Cloud, "demo", jirasim.DemoEmail
	c.Token, c.IndexDelay, c.RequestsPerSecond = secret.New(jirasim.DemoToken), 0, 1000
	c.Statuses = Statuses{
		Pending: jirasim.Waiting, Approved: jirasim.Approved, Denied: jirasim.Denied, Expired: jirasim.Expired, Withdrawn: jirasim.Withdrawn,
	}
	site := jirasim.Demo()
	site.IndexDelay, site.RetryWebhook = 0, 10*time.Millisecond
	return &setting{site: site, config: c}
}

func project() plugins.Destination { return plugins.Destination{ID: "10100", Name: "project AR"} }

// post puts a card into the project and returns its issue.
func (w *world) post(card plugins.Card) (plugins.Ref, jirasim.SeenIssue) {
	w.t.Helper()
	ref, err := w.bot.Post(w.t.Context(), project(), "key-"+card.RequestID, card)
	if err != nil {
		w.t.Fatal(err)
	}
	w.board.Put(plugins.Posted{Card: card, Destination: project(), Ref: ref, Since: w.clock.Now()})
	return ref, w.issue(ref)
}

func (w *world) issue(ref plugins.Ref) jirasim.SeenIssue {
	w.t.Helper()
	for _, i := range w.sim.Issues() {
		if i.ID == string(ref) {
			return i
		}
	}
	w.t.Fatalf("there is no issue %s", ref)
	return jirasim.SeenIssue{}
}

// move drags an issue as somebody.
func (w *world) move(person, issue, to, comment string) {
	w.t.Helper()
	if _, err := w.sim.Move(w.t.Context(), jirasim.Move{Person: person, Issue: issue, To: to, Comment: comment}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) poll() {
	w.t.Helper()
	if err := w.bot.Poll(w.t.Context(), w.board.All(), w.decisions); err != nil {
		w.t.Fatal(err)
	}
}

// said are the comments below an issue, joined.
func (w *world) said(ref plugins.Ref) string {
	var all []string
	for _, c := range w.issue(ref).Comments {
		all = append(all, c.Text)
	}
	return strings.Join(all, "\n")
}

const requestID = plugintest.RequestID

func resolvedAs(state v1.State) func(*plugins.Card) {
	return func(c *plugins.Card) {
		c.State, c.Actions, c.Version = state, nil, c.Version+1
		c.Resolution = &v1.Resolution{State: state}
	}
}

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }
