package servicenow

import (
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
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
	decisions *recorder
	board     *board
	log       *obstest.Log
	clock     *handClock
	hook      string
	http      *http.Client
}

// recorder stands for the host.
type recorder struct {
	mu    sync.Mutex
	taken []v1.Decision
}

func (r *recorder) Submit(_ context.Context, d v1.Decision) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, d)
	return nil
}

func (r *recorder) all() []v1.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken)
}

// distinct counts decisions as the core does: repeats of one id are one.
func (r *recorder) distinct() map[string]v1.Decision {
	out := map[string]v1.Decision{}
	for _, d := range r.all() {
		out[d.ID] = d
	}
	return out
}

// board stands for the core's ledger.
type board struct {
	mu     sync.Mutex
	posted []plugins.Posted
	err    error
}

func (b *board) put(p plugins.Posted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posted = append(b.posted, p)
}

func (b *board) all() []plugins.Posted {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.posted)
}

func (b *board) Of(_ context.Context, requestID string) ([]plugins.Posted, error) {
	if b.err != nil {
		return nil, b.err
	}
	return slices.DeleteFunc(b.all(), func(p plugins.Posted) bool { return p.Card.RequestID != requestID }), nil
}

// handClock runs with the wall clock plus what a test adds.
type handClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
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
	w := &world{t: t, decisions: &recorder{}, board: &board{}, clock: &handClock{}, http: vendorhttp.New(vendorhttp.Options{})}
	instance, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	s := setting{instance: servicenowsim.Demo(), config: NewConfig(), decides: true}
	s.config.InstanceURL = config.Address("http://" + instance.Listener.Addr().String() + "/servicenow")
	s.config.User, s.config.Password = servicenowsim.DemoAccount, secret.New(servicenowsim.DemoPassword)
	s.config.RequesterField, s.config.Tenant, s.config.RequestsPerSecond = "caller_id", servicenowsim.DemoTenant, 100
	for _, change := range changes {
		change(&s)
	}
	options := standin.Options{Seed: 1, Clock: w.clock.now}
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
		Logger: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTP: w.http, Now: w.clock.now,
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
	w.board.put(plugins.Posted{Card: card, Destination: to, Ref: r, Since: w.clock.now()})
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
	if err := w.inner().Poll(w.t.Context(), w.board.all(), w.decisions); err != nil {
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

func demoCard(change ...func(*plugins.Card)) plugins.Card {
	card := plugins.Card{
		RequestID: requestID, Version: 1, Fingerprint: fingerprint, Audience: plugins.ForReviewers, State: v1.StatePending,
		Title:     "Alice Moreau asks for dba",
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice Moreau", Email: "alice@example.com"},
		Roles:     []string{"dba"}, Reason: "ticket #123", Duration: 8 * time.Hour,
		Expires:  time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC),
		Progress: []plugins.Progress{{Name: "managers", Have: 0, Need: 2}},
		URL:      "https://accede.example.com/requests/" + requestID,
		Actions:  []v1.Verdict{v1.Approve, v1.Deny},
	}
	for _, do := range change {
		do(&card)
	}
	return card
}

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
