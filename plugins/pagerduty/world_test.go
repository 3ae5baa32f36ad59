package pagerduty

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

var _ = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	requestID   = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6"
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
	decisions *recorder
	cards     *board
	clock     *handClock
	logs      *lockedBuffer
}

// recorder stands for the host.
type recorder struct {
	mu      sync.Mutex
	taken   []v1.Decision
	refusal error
}

func (r *recorder) Submit(_ context.Context, d v1.Decision) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, d)
	return r.refusal
}

// distinct returns the decisions as the core sees them: repeats of one id are one.
func (r *recorder) distinct() map[string]v1.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]v1.Decision{}
	for _, d := range r.taken {
		out[d.ID] = d
	}
	return out
}

// board stands for what the core knows of posted cards.
type board struct {
	mu     sync.Mutex
	posted []plugins.Posted
	broken error
}

func (b *board) Of(_ context.Context, id string) ([]plugins.Posted, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []plugins.Posted
	for _, p := range b.posted {
		if p.Card.RequestID == id {
			out = append(out, p)
		}
	}
	return out, b.broken
}

func (b *board) all() []plugins.Posted {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]plugins.Posted(nil), b.posted...)
}

func (b *board) put(p plugins.Posted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posted = append(b.posted, p)
}

func (b *board) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// handClock runs with the wall clock plus what a test adds.
type handClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.ahead)
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func (c *handClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = time.Until(t)
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
	w := &world{t: t, decisions: &recorder{}, cards: &board{}, clock: &handClock{}, logs: &lockedBuffer{}}
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
		account: pagerdutysim.Demo(), config: *c, options: standin.Options{BaseURL: base, Seed: 1, Clock: w.clock.now},
		deps: plugins.Deps{
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			HTTP:   vendorhttp.New(vendorhttp.Options{}), Now: w.clock.now, Cards: w.cards, DecideInChat: true,
		},
	}
}

func (w *world) assertNoSecretIn(text string) {
	w.t.Helper()
	secrettest.AssertAbsent(w.t, text, pagerdutysim.DemoKey, pagerdutysim.DemoClientSecret, pagerdutysim.DemoWebhookSecret, "pdus+_0XBPWQQ_")
}

func demoCard(change ...func(*plugins.Card)) plugins.Card {
	card := plugins.Card{
		RequestID: requestID, Version: 1, Fingerprint: "0011223344556677", Audience: plugins.ForReviewers,
		State: v1.StatePending, Title: "Alice Moreau asks for dba",
		Requester: v1.PersonRef{Name: "alice", DisplayName: "Alice Moreau", Email: "alice@example.com"},
		Roles:     []string{"dba"}, Reason: "ticket #123", Duration: 8 * time.Hour,
		Progress: []plugins.Progress{{Name: "managers", Have: 0, Need: 2}},
		URL:      "https://accede.example.com/requests/" + requestID,
		Actions:  []v1.Verdict{v1.Approve, v1.Deny},
	}
	for _, do := range change {
		do(&card)
	}
	return card
}

// post opens an incident and notes it on the board, as the host does.
func (w *world) post(key string, card plugins.Card) plugins.Ref {
	w.t.Helper()
	to := plugins.Destination{ID: serviceID, Name: "Access Requests"}
	since := w.clock.now()
	r, err := w.bot.Post(w.t.Context(), to, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	w.cards.put(plugins.Posted{Card: card, Destination: to, Ref: r, Since: since})
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
	w.clock.advance(2 * freshFor)
	poller, ok := w.bot.(plugins.Poller)
	if !ok {
		w.t.Fatal("the plugin does not poll")
	}
	if err := poller.Poll(w.t.Context(), w.cards.all(), w.decisions); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantDecisions(want ...string) {
	w.t.Helper()
	got := map[string]bool{}
	for _, d := range w.decisions.distinct() {
		got[d.Identity.User+" "+string(d.Verdict)] = true
	}
	if len(got) != len(want) || len(w.decisions.distinct()) != len(want) {
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
