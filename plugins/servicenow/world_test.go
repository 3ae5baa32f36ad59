package servicenow

import (
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	_ = update // the conformance tests look it up
	goleak.VerifyTestMain(m)
}

// world is an instance, the plugin, what the plugin has posted, and what it handed over.
type world struct {
	t         testing.TB
	sim       *servicenowsim.Sim
	bot       plugins.Notifier
	config    *Config
	decisions *plugintest.Decisions
	board     *plugintest.Board
	log       *obstest.Log
	clock     *clock.Shifted
	hook      string
	http      *http.Client
}

// setting changes what a world is made of.
type setting struct {
	instance servicenowsim.Config
	config   *Config
	decides  bool
}

func viaWebhook(s *setting) { s.config.WebhookSecret = secret.New(servicenowsim.DemoWebhookSecret) }
func creating(s *setting)   { s.config.Approvals.Mode = ModeCreate }
func delegating(s *setting) { s.config.Approvals.Delegates = true }

func viaOAuth(s *setting) {
	s.config.User, s.config.Password = "", secret.String{}
	s.config.ClientID, s.config.ClientSecret = servicenowsim.DemoClientID, secret.New(servicenowsim.DemoClientSecret)
}

func newWorld(t testing.TB, changes ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &plugintest.Decisions{}, board: &plugintest.Board{}, clock: &clock.Shifted{}, http: vendorhttp.New(vendorhttp.Options{})}
	instance, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	s := setting{instance: servicenowsim.Demo(), config: NewConfig(), decides: true}
	s.config.InstanceURL = config.Address("http://" + instance.Listener.Addr().String() + "/servicenow")
	s.config.User, s.config.Password = servicenowsim.DemoAccount, secret.New(servicenowsim.DemoPassword)
	s.config.RequesterField, s.config.Tenant, s.config.RequestsPerSecond = "caller_id", servicenowsim.DemoTenant, 100
	for _, change := range changes {
		change(&s)
	}
	options := standin.Options{Seed: 1, Clock: w.clock.Now}
	w.hook = "http://" + callbacks.Listener.Addr().String() + "/callback"
	if !s.config.WebhookSecret.IsZero() {
		options.CallbackURL = w.hook
	}
	sim, err := servicenowsim.New(s.instance, options)
	if err != nil {
		t.Fatal(err)
	}
	w.sim, w.config = sim, s.config
	instance.Config.Handler = http.StripPrefix("/servicenow", sim)
	instance.Start()
	w.bot = w.open(s.decides)
	if receiver, ok := w.bot.(plugins.Receiver); ok {
		callbacks.Config.Handler = receiver.Handler(w.decisions)
	}
	callbacks.Start()
	t.Cleanup(func() {
		callbacks.Close()
		_ = sim.Close()
		w.http.CloseIdleConnections()
		instance.Close()
		w.assertNoSecretIn(w.log.String())
	})
	return w
}

// open opens the plugin anew, as after a restart.
func (w *world) open(decides bool) plugins.Notifier {
	w.t.Helper()
	if w.log == nil {
		w.log = &obstest.Log{}
	}
	made, err := open(w.t.Context(), w.config, plugins.Deps{
		Logger: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTP: w.http, Now: w.clock.Now,
		Seal: plugins.NewSealer([]byte("a-secret-that-all-replicas-share")), Cards: w.board, DecideInChat: decides,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) assertNoSecretIn(text string) {
	w.t.Helper()
	secrettest.AssertAbsent(w.t, text, servicenowsim.DemoPassword, servicenowsim.DemoClientSecret, servicenowsim.DemoWebhookSecret)
}

func (w *world) inner() *bot {
	if hooked, ok := w.bot.(*hookedBot); ok {
		return hooked.bot
	}
	return w.bot.(*bot) //nolint:errcheck // a bot of this package
}

func groupPlace() plugins.Destination {
	return plugins.Destination{ID: "incident/" + servicenowsim.DemoGroup, Name: "incident for Database Access"}
}

// post puts a card at a destination and on the board.
func (w *world) post(to plugins.Destination, key string, card plugins.Card) plugins.Ref {
	w.t.Helper()
	r, err := w.bot.Post(w.t.Context(), to, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	w.board.Put(plugins.Posted{Card: card, Destination: to, Ref: r, Since: w.clock.Now()})
	return r
}

// posted puts the usual card at the usual place.
func (w *world) posted() (plugins.Ref, map[string]string) {
	w.t.Helper()
	r := w.post(groupPlace(), keyOne, demoCard())
	return r, w.recordAt(r)
}

func (w *world) recordAt(r plugins.Ref) map[string]string {
	w.t.Helper()
	at, err := decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.rowOf("incident", at.record)
}

func (w *world) rowOf(table, id string) map[string]string {
	w.t.Helper()
	for _, r := range w.sim.Rows(table) {
		if r["sys_id"] == id {
			return r
		}
	}
	w.t.Fatalf("there is no row %s in %s", id, table)
	return nil
}

// approvalOf is somebody's approval of a record.
func (w *world) approvalOf(record, approver string) map[string]string {
	w.t.Helper()
	for _, r := range w.sim.Rows(approvalTable) {
		if r["document_id"] == record && r["approver"] == approver {
			return r
		}
	}
	w.t.Fatalf("%s is not asked about %s", approver, record)
	return nil
}

func (w *world) decide(c servicenowsim.Choice) {
	w.t.Helper()
	if _, err := w.sim.Decide(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) poll() {
	w.t.Helper()
	if err := w.inner().Poll(w.t.Context(), w.board.All(), w.decisions); err != nil {
		w.t.Fatal(err)
	}
}

// notes are the journal entries of a record.
func (w *world) notes(record, element string) []string {
	var out []string
	for _, entry := range w.sim.Rows(journalTable) {
		if entry["element_id"] == record && entry["element"] == element {
			out = append(out, entry["value"])
		}
	}
	return out
}

func (w *world) quirks(change func(*servicenowsim.Quirks)) {
	q := w.sim.Quirks()
	change(&q)
	w.sim.SetQuirks(q)
}

func (w *world) faults(f standin.Faults) {
	w.t.Helper()
	if err := w.sim.Faults().Set(f); err != nil {
		w.t.Fatal(err)
	}
}

const (
	requestID    = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6"
	otherRequest = "0192f0c1-2b3c-7d4e-8f50-61728394a5b7"
	keyOne       = "0192f0c1-0000-7000-8000-000000000001"
	keyTwo       = "0192f0c1-0000-7000-8000-000000000002"
	keyThree     = "0192f0c1-0000-7000-8000-000000000003"
	fingerprint  = "0011223344556677"
)

func another(c *plugins.Card) { c.RequestID, c.URL = otherRequest, "" }

func resolved(state v1.State) func(*plugins.Card) {
	return func(c *plugins.Card) {
		c.State, c.Actions = state, nil
		c.Version++
		c.Resolution = &v1.Resolution{State: state, At: time.Date(2026, 11, 20, 19, 12, 0, 0, time.UTC)}
		if state == v1.StateApproved || state == v1.StateDenied {
			c.Resolution.By = &v1.PersonRef{Name: "bob", DisplayName: "Bob Okafor"}
		}
	}
}

func forRequester(c *plugins.Card) { c.Audience, c.Actions = plugins.ForRequester, nil }

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }
