package mattermost

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
	"github.com/accede/accede/plugins/mattermost/mattermostsim"
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
	decisions *recorder
	logs      *lockedBuffer
	callback  string
}

// recorder stands for the host.
type recorder struct {
	mu      sync.Mutex
	taken   []v1.Decision
	refusal error
	// then is what happens with a decision after it was taken.
	then func(v1.Decision)
}

func (r *recorder) Submit(_ context.Context, d v1.Decision) error {
	r.mu.Lock()
	r.taken = append(r.taken, d)
	refusal, then := r.refusal, r.then
	r.mu.Unlock()
	if then != nil {
		then(d)
	}
	return refusal
}

func (r *recorder) all() []v1.Decision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]v1.Decision(nil), r.taken...)
}

// distinct returns the decisions as the core sees them: repeats of one id are one.
func (r *recorder) distinct() map[string]v1.Decision {
	out := map[string]v1.Decision{}
	for _, d := range r.all() {
		out[d.ID] = d
	}
	return out
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

// cards stands for the core's look-up.
type cards []plugins.Posted

func (c cards) Of(context.Context, string) ([]plugins.Posted, error) { return c, nil }

// setting changes what a world is made of.
type setting struct {
	server   mattermostsim.Config
	config   Config
	deps     plugins.Deps
	simClock func() time.Time
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	w := &world{t: t, decisions: &recorder{}, logs: &lockedBuffer{}}
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

const requestID = "0192f0c1-2b3c-7d4e-8f50-61728394a5b6"

func demoCard(change ...func(*plugins.Card)) plugins.Card {
	card := plugins.Card{
		RequestID: requestID, Version: 1, Fingerprint: "0011223344556677", Audience: plugins.ForReviewers,
		State: v1.StatePending, Title: "Alice Moreau asks for dba",
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

func ivan() v1.PersonRef { return v1.PersonRef{Name: "ivan", DisplayName: "Ivan Petrov"} }

func bob() v1.PersonRef { return v1.PersonRef{Name: "bob", DisplayName: "Bob Okafor"} }

func review(by v1.PersonRef, verdict v1.Verdict, reason string) v1.Review {
	return v1.Review{
		ID: "review-" + by.Name, Author: by, Verdict: verdict, Reason: reason, Via: "mattermost",
		Created: time.Date(2026, 11, 20, 19, 10, 0, 0, time.UTC),
	}
}

func resolved(card *plugins.Card, state v1.State, end v1.Resolution) {
	end.State, end.At = state, time.Date(2026, 11, 20, 19, 12, 0, 0, time.UTC)
	card.State, card.Resolution, card.Actions = state, &end, nil
	card.Version++
}
