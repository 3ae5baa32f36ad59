package jira

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/jira/jirasim"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

// world is a Jira, the plugin, and what the plugin handed over.
type world struct {
	t         *testing.T
	sim       *jirasim.Sim
	bot       *bot
	decisions *recorder
	logs      *lockedBuffer
	clock     *clock
}

// recorder stands for the host: it takes decisions, and knows what was posted.
type recorder struct {
	mu     sync.Mutex
	taken  []v1.Decision
	posted []plugins.Posted
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

// distinct are the decisions as the core sees them: repeats of one id are one.
func (r *recorder) distinct() map[string]v1.Decision {
	out := map[string]v1.Decision{}
	for _, d := range r.all() {
		out[d.ID] = d
	}
	return out
}

func (r *recorder) Of(_ context.Context, requestID string) ([]plugins.Posted, error) {
	return slices.DeleteFunc(r.open(), func(p plugins.Posted) bool { return p.Card.RequestID != requestID }), nil
}

func (r *recorder) open() []plugins.Posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.posted)
}

// shows changes what the core knows of a request.
func (r *recorder) shows(card plugins.Card) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.posted {
		if r.posted[i].Card.RequestID == card.RequestID {
			r.posted[i].Card = card
		}
	}
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

// clock is the real one, ahead by as much as a test likes.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
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
	w := &world{t: t, decisions: &recorder{}, logs: &lockedBuffer{}, clock: &clock{}}
	server, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/jira"
	s := settings(base)
	for _, do := range change {
		do(s)
	}
	options := standin.Options{BaseURL: base, Seed: 1, Clock: w.clock.now}
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
		Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), HTTP: client, Now: w.clock.now,
		Seal: plugins.NewSealer([]byte("a-secret-that-all-replicas-share")), Cards: w.decisions, DecideInChat: true,
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
	w.decisions.mu.Lock()
	w.decisions.posted = append(w.decisions.posted, plugins.Posted{Card: card, Destination: project(), Ref: ref, Since: w.clock.now()})
	w.decisions.mu.Unlock()
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
	if err := w.bot.Poll(w.t.Context(), w.decisions.open(), w.decisions); err != nil {
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

const requestID = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6"

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

func resolvedAs(state v1.State) func(*plugins.Card) {
	return func(c *plugins.Card) {
		c.State, c.Actions, c.Version = state, nil, c.Version+1
		c.Resolution = &v1.Resolution{State: state}
	}
}
