package pagerduty

import (
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
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
	serviceID   = "PSVCREQ"
	patience    = 10 * time.Second
)

// world is a PagerDuty account, the plugin, and what the plugin handed over.
type world struct {
	t         testing.TB
	sim       *pagerdutysim.Sim
	bot       plugins.Notifier
	decisions *plugintest.Decisions
	cards     *plugintest.Board
	clock     *clock.Shifted
	logs      *obstest.Log
}

// setting changes what a world is made of.
type setting struct {
	account pagerdutysim.Config
	config  Config
	deps    plugins.Deps
	options standin.Options
	// deaf leaves PagerDuty without an address to send webhooks to.
	deaf bool
}

func deciding(ways ...Way) func(*setting) {
	return func(s *setting) {
		s.account = pagerdutysim.Deciding(string(ways[0]))
		s.config.DecideBy = ways
		s.config.ApproveWorkflow, s.config.DenyWorkflow, s.config.Field = "PWFAPPR", "PWFDENY", "access_decision"
		s.config.WebhookSecret = secret.New(pagerdutysim.DemoWebhookSecret)
	}
}

func polling(s *setting) { s.deaf, s.config.WebhookSecret = true, secret.String{} }

func scoped(s *setting) {
	s.config.APIKey, s.config.ClientID = secret.String{}, pagerdutysim.DemoClientID
	s.config.ClientSecret = secret.New(pagerdutysim.DemoClientSecret)
}

func account(change func(*pagerdutysim.Config)) func(*setting) {
	return func(s *setting) { change(&s.account) }
}

func newWorld(t testing.TB, changes ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &plugintest.Decisions{}, cards: &plugintest.Board{}, clock: &clock.Shifted{}, logs: &obstest.Log{}}
	vendor, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	s := w.settings("http://" + vendor.Listener.Addr().String() + "/pagerduty")
	for _, change := range changes {
		change(&s)
	}
	if !s.deaf {
		s.options.CallbackURL = "http://" + callbacks.Listener.Addr().String() + "/callback"
	}
	sim, err := pagerdutysim.New(s.account, s.options)
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	vendor.Config.Handler = http.StripPrefix("/pagerduty", sim)
	vendor.Start()
	if w.bot, err = open(t.Context(), &s.config, s.deps); err != nil {
		t.Fatal(err)
	}
	callbacks.Config.Handler = http.NotFoundHandler()
	if receiver, ok := w.bot.(plugins.Receiver); ok {
		callbacks.Config.Handler = receiver.Handler(w.decisions)
	}
	callbacks.Start()
	t.Cleanup(func() {
		_ = sim.Close()
		callbacks.Close()
		s.deps.HTTP.CloseIdleConnections()
		vendor.Close()
		w.assertNoSecretIn(w.logs.String())
	})
	return w
}

func (w *world) settings(base string) setting {
	c := NewConfig()
	c.APIURL, c.Subdomain, c.From = config.Address(base), "accede-demo", "accede@example.com"
	c.APIKey = secret.New(pagerdutysim.DemoKey)
	return setting{
		account: pagerdutysim.Demo(), config: *c, options: standin.Options{BaseURL: base, Seed: 1, Clock: w.clock.Now},
		deps: plugins.Deps{
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			HTTP:   vendorhttp.New(vendorhttp.Options{}), Now: w.clock.Now, Cards: w.cards, DecideInChat: true,
		},
	}
}

func (w *world) assertNoSecretIn(text string) {
	w.t.Helper()
	secrettest.AssertAbsent(w.t, text, pagerdutysim.DemoKey, pagerdutysim.DemoClientSecret, pagerdutysim.DemoWebhookSecret, "pdus+_0XBPWQQ_")
}

// post opens an incident and notes it on the board, as the host does.
func (w *world) post(key string, card plugins.Card) plugins.Ref {
	w.t.Helper()
	to := plugins.Destination{ID: serviceID, Name: "Access Requests"}
	since := w.clock.Now()
	r, err := w.bot.Post(w.t.Context(), to, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cards.Put(plugins.Posted{Card: card, Destination: to, Ref: r, Since: since})
	return r
}

func (w *world) incidentOf(r plugins.Ref) string {
	w.t.Helper()
	at, err := decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return at.incident
}

// act lets a person do something in PagerDuty, by the website unless said otherwise.
func (w *world) act(person, incident, do, text string) standin.Reaction {
	w.t.Helper()
	reaction, err := w.sim.Act(w.t.Context(), pagerdutysim.Act{Person: person, Incident: incident, Do: do, Text: text})
	if err != nil {
		w.t.Fatal(err)
	}
	return reaction
}

// poll asks the plugin about all open cards, after what it believes for a moment has become old.
func (w *world) poll() {
	w.t.Helper()
	w.clock.Advance(2 * freshFor)
	poller, ok := w.bot.(plugins.Poller)
	if !ok {
		w.t.Fatal("the plugin does not poll")
	}
	if err := poller.Poll(w.t.Context(), w.cards.All(), w.decisions); err != nil {
		w.t.Fatal(err)
	}
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
		if !got[one] {
			w.t.Errorf("decisions %v lack %q\n%s", got, one, w.logs)
		}
	}
}

func (w *world) calls(operation string) int {
	total := 0
	for _, n := range w.sim.Calls()[operation] {
		total += n
	}
	return total
}

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }
