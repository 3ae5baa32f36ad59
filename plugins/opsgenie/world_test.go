package opsgenie

import (
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	requestID   = plugintest.RequestID
	otherID     = "0192f0c1-2b3c-7d4e-8f50-61728394a5b7"
	deliveryKey = "0192f0c1-0000-7000-8000-000000000001"
	otherKey    = "0192f0c1-0000-7000-8000-000000000002"

	aliceID = "a11ce000-0000-4000-8000-0000000000a1"
	ivanID  = "a11ce000-0000-4000-8000-00000000001a"
	bobID   = "a11ce000-0000-4000-8000-0000000000b0"
	carolID = "a11ce000-0000-4000-8000-0000000000ca"
)

// world is an account, the plugin, and what the plugin handed over.
type world struct {
	t         testing.TB
	sim       *opsgeniesim.Sim
	bot       plugins.Notifier
	decisions *plugintest.Decisions
	cards     *plugintest.Board
	clock     *clock.Shifted
	logs      *obstest.Log
	// prefix stands before Opsgenie's ids to make them Atlassian's.
	prefix string
}

// setting changes what a world is made of.
type setting struct {
	account opsgeniesim.Config
	config  Config
	deps    plugins.Deps
	// deaf leaves the service without an address to send webhooks to.
	deaf bool
}

func inOpsgenie(s *setting) {
	c := &s.config
	c.Dialect, c.Account, c.APIKey = DialectOpsgenie, opsgeniesim.DemoAccount, secret.New(opsgeniesim.DemoKey)
	c.CloudID, c.SiteURL, c.Email, c.APIToken = "", "", "", secret.String{}
}

func inOperations(*setting) {}

// bothDialects runs a test in each of them, next to others: most of the time is spent waiting for outcomes.
func bothDialects(t *testing.T, test func(t *testing.T, dialect func(*setting))) {
	t.Helper()
	t.Parallel()
	for name, dialect := range map[string]func(*setting){"jsm": inOperations, "opsgenie": inOpsgenie} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dialect)
		})
	}
}

func deciding(s *setting) {
	s.config.CustomActions, s.config.WebhookSecret = true, secret.New(opsgeniesim.DemoWebhookSecret)
}

func polling(s *setting) {
	s.deaf, s.config.CustomActions = true, true
}

func account(change func(*opsgeniesim.Config)) func(*setting) {
	return func(s *setting) { change(&s.account) }
}

func newWorld(t testing.TB, changes ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &plugintest.Decisions{}, cards: &plugintest.Board{}, clock: &clock.Shifted{}, logs: &obstest.Log{}, prefix: "712020:"}
	vendor, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + vendor.Listener.Addr().String() + "/opsgenie"
	s := w.settings(base)
	for _, change := range changes {
		change(&s)
	}
	if s.config.Dialect == DialectOpsgenie {
		w.prefix = ""
	}
	options := standin.Options{BaseURL: base, Seed: 1, Clock: w.clock.Now}
	if !s.deaf {
		options.CallbackURL = "http://" + callbacks.Listener.Addr().String() + "/callback"
	}
	var err error
	if w.sim, err = opsgeniesim.New(s.account, options); err != nil {
		t.Fatal(err)
	}
	vendor.Config.Handler = http.StripPrefix("/opsgenie", w.sim)
	vendor.Start()
	if err := s.config.Validate(); err != nil {
		t.Fatal(err)
	}
	if w.bot, err = open(t.Context(), &s.config, s.deps); err != nil {
		t.Fatal(err)
	}
	callbacks.Config.Handler = http.NotFoundHandler()
	if receiver, ok := w.bot.(plugins.Receiver); ok {
		callbacks.Config.Handler = receiver.Handler(w.decisions)
	}
	callbacks.Start()
	t.Cleanup(func() {
		_ = w.sim.Close()
		callbacks.Close()
		s.deps.HTTP.CloseIdleConnections()
		vendor.Close()
		w.assertNoSecretIn(w.logs.String())
	})
	return w
}

func (w *world) settings(base string) setting {
	c := NewConfig()
	c.APIURL, c.SiteURL, c.CloudID = config.Address(base), config.Address(base), opsgeniesim.DemoCloudID
	c.Email, c.APIToken, c.CallsPerMinute = opsgeniesim.DemoEmail, secret.New(opsgeniesim.DemoToken), 0
	return setting{
		account: opsgeniesim.Deciding(), config: *c,
		deps: plugins.Deps{
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			HTTP:   vendorhttp.New(vendorhttp.Options{}), Now: w.clock.Now, Cards: w.cards, DecideInChat: true,
		},
	}
}

func (w *world) assertNoSecretIn(text string) {
	w.t.Helper()
	secrettest.AssertAbsent(w.t, text, opsgeniesim.DemoKey, opsgeniesim.DemoToken, opsgeniesim.DemoWebhookSecret)
}

func resolvedCard() plugins.Card {
	return demoCard(func(c *plugins.Card) {
		c.State, c.Actions = v1.StateDenied, nil
		c.Resolution = &v1.Resolution{State: v1.StateDenied, By: &v1.PersonRef{Name: "bob"}, Reason: "Not this week"}
	})
}

func there() plugins.Destination {
	return plugins.Destination{ID: "team/" + opsgeniesim.DemoTeam, Name: "Access Requests"}
}

// post makes an alert and notes it on the board, as the host does.
func (w *world) post(key string, card plugins.Card) plugins.Ref {
	w.t.Helper()
	since := w.clock.Now()
	r, err := w.bot.Post(w.t.Context(), there(), key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cards.Put(plugins.Posted{Card: card, Destination: there(), Ref: r, Since: since})
	return r
}

func (w *world) alertOf(r plugins.Ref) string {
	w.t.Helper()
	at, err := decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return at.alert
}

// act lets a person do something with an alert, on the website unless said otherwise.
func (w *world) act(act opsgeniesim.Act) standin.Reaction {
	w.t.Helper()
	reaction, err := w.sim.Act(w.t.Context(), act)
	if err != nil {
		w.t.Fatal(err)
	}
	return reaction
}

// press lets a person press a button of an alert.
func (w *world) press(person, alert, button string) standin.Reaction {
	w.t.Helper()
	return w.act(opsgeniesim.Act{Person: person, Alert: alert, Do: "action", Text: button})
}

// poll asks the plugin about all open cards, after what it believes for a moment has become old.
func (w *world) poll() {
	w.t.Helper()
	w.clock.Advance(2 * freshFor)
	if err := capability[plugins.Poller](w).Poll(w.t.Context(), w.cards.All(), w.decisions); err != nil {
		w.t.Fatal(err)
	}
}

func capability[C any](w *world) C {
	w.t.Helper()
	c, ok := w.bot.(C)
	if !ok {
		w.t.Fatalf("the plugin is no %T", *new(C))
	}
	return c
}

func (w *world) wantDecisions(want ...string) {
	w.t.Helper()
	got := map[string]bool{}
	for _, d := range w.decisions.Distinct() {
		got[d.Identity.User+" "+string(d.Verdict)] = true
	}
	if len(got) != len(want) || len(w.decisions.Distinct()) != len(want) {
		w.t.Errorf("decisions %v, want %v\n%s", got, want, w.logs)
	}
	for _, one := range want {
		if !got[w.prefix+one] {
			w.t.Errorf("decisions %v lack %q\n%s", got, one, w.logs)
		}
	}
}

func (w *world) faults(f standin.Faults) {
	w.t.Helper()
	if err := w.sim.Faults().Set(f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) calls(operation string) int {
	total := 0
	for _, n := range w.sim.Calls()[operation] {
		total += n
	}
	return total
}

func (w *world) allCalls() int {
	total := 0
	for operation := range w.sim.Calls() {
		total += w.calls(operation)
	}
	return total
}

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }
