package discord

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
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/plugintest"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/vendorhttp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sealSecret = "a-secret-that-all-replicas-share"
	patience   = 10 * time.Second
)

// world is a Discord, the plugin, and what the plugin handed over.
type world struct {
	t         *testing.T
	sim       *discordsim.Sim
	bot       plugins.Notifier
	decisions *plugintest.Decisions
	logs      *obstest.Log
	clock     *clock.Shifted
	stop      context.CancelFunc
	ended     chan error
}

// setting changes what a world is made of.
type setting struct {
	discord discordsim.Config
	config  Config
	deps    plugins.Deps
	// endpoint says that the application has a callback address whatever the mode.
	endpoint *bool
}

func viaHTTP(s *setting)    { s.config.Mode, s.config.PublicKey = ModeHTTP, s.discord.PublicKey() }
func viaGateway(s *setting) { s.config.Mode = ModeGateway }

func modes() map[string]func(*setting) {
	return map[string]func(*setting){"http": viaHTTP, "gateway": viaGateway}
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	_, logs := obstest.Logger(t)
	w := &world{t: t, decisions: &plugintest.Decisions{}, logs: logs, clock: &clock.Shifted{}, ended: make(chan error, 1), stop: func() {}}
	server, callbacks := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String() + "/discord"
	s := w.settings(base)
	for _, do := range change {
		do(&s)
	}
	options := standin.Options{BaseURL: base, Seed: 1, Clock: w.clock.Now}
	if s.endpoint == nil && s.config.Mode == ModeHTTP || s.endpoint != nil && *s.endpoint {
		options.CallbackURL = "http://" + callbacks.Listener.Addr().String() + "/callback"
	}
	sim, err := discordsim.New(s.discord, options)
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	server.Config.Handler = http.StripPrefix("/discord", sim)
	server.Start()
	if w.bot, err = open(t.Context(), &s.config, s.deps); err != nil {
		t.Fatal(err)
	}
	if receiver, ok := w.bot.(plugins.Receiver); ok {
		callbacks.Config.Handler = receiver.Handler(w.decisions)
	}
	callbacks.Start()
	t.Cleanup(func() {
		w.stop()
		callbacks.Close()
		_ = sim.Close()
		s.deps.HTTP.CloseIdleConnections()
		server.Close()
		secrettest.AssertAbsent(t, w.logs.String(), discordsim.DemoBotToken, sealSecret, "aW50ZXJhY3Rpb246")
	})
	return w
}

func (w *world) settings(base string) setting {
	return setting{
		discord: discordsim.Demo(),
		config: Config{
			APIURL: config.Address(base + "/api/v10"), BotToken: secret.New(discordsim.DemoBotToken), Mode: ModeGateway,
		},
		deps: plugins.Deps{
			Logger: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
			HTTP:   vendorhttp.New(vendorhttp.Options{}), Now: w.clock.Now, Seal: plugins.NewSealer([]byte(sealSecret)),
			DecideInChat: true,
		},
	}
}

// listen connects the plugin to the Gateway, if that is its mode, and waits until it is.
func (w *world) listen() *world {
	w.t.Helper()
	listener, ok := w.bot.(plugins.Listener)
	if !ok {
		return w
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	go func() { w.ended <- listener.Listen(ctx, w.decisions) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-w.ended; err != nil {
			w.t.Errorf("listening: %v", err)
		}
	})
	w.awaitSessions(1)
	return w
}

func (w *world) awaitSessions(connected int) {
	w.t.Helper()
	eventually.True(w.t, patience, "the connection", func() bool {
		n := 0
		for _, s := range w.sim.Sessions() {
			if s.Connected && s.Sequence > 0 {
				n++
			}
		}
		return n == connected
	})
}

// post puts a card into a channel and returns it as the stand-in shows it.
func (w *world) post(channel, key string, card plugins.Card) (plugins.Ref, discordsim.SeenMessage) {
	w.t.Helper()
	r, err := w.bot.Post(w.t.Context(), plugins.Destination{ID: channel}, key, card)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, w.message(r)
}

func (w *world) message(r plugins.Ref) discordsim.SeenMessage {
	w.t.Helper()
	at, err := decodeRef(r)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range w.sim.Messages() {
		if m.Channel == at.channel && m.ID == at.message {
			return m
		}
	}
	w.t.Fatalf("there is no message %s", r)
	return discordsim.SeenMessage{}
}

func (w *world) click(user string, m discordsim.SeenMessage, button string) discordsim.Result {
	w.t.Helper()
	result, err := w.sim.Click(w.t.Context(), discordsim.Click{User: user, Channel: m.Channel, Message: m.ID, CustomID: button})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) submit(user, reason string) discordsim.Result {
	w.t.Helper()
	result, err := w.sim.Submit(w.t.Context(), discordsim.Submission{User: user, Values: map[string]string{reasonInput: reason}})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

// whispers returns the texts that only this person sees.
func (w *world) whispers(user string) []string {
	var out []string
	for _, m := range w.sim.Ephemerals(user) {
		out = append(out, m.Readable)
	}
	return out
}

func (w *world) heard(user, part string) {
	w.t.Helper()
	if said := strings.Join(w.whispers(user), "\n"); !strings.Contains(said, part) {
		w.t.Errorf("%s heard %q, want %q", user, said, part)
	}
}

// directs returns the texts in the direct message with a person.
func (w *world) directs(user string) []string {
	var out []string
	for _, p := range w.sim.Posts() {
		if p.Place == user && !p.Deleted {
			out = append(out, p.Text)
		}
	}
	return out
}

const (
	access    = discordsim.DemoAccess
	requestID = plugintest.RequestID
	keyOne    = "019aa0b1-0000-7000-8000-000000000001"
	keyTwo    = "019aa0b1-0000-7000-8000-000000000002"
)

// forgetLimits makes the plugin forget what Discord has said about its limits, as if time had passed.
func (w *world) forgetLimits() {
	if led, ok := w.api().session.Client.Transport.(*transport); ok {
		led.limits = newLimits()
	}
}

// assertEnded waits until listening has ended as it was told to.
func assertEnded(t *testing.T, ended <-chan error) {
	t.Helper()
	if err := <-ended; err != nil {
		t.Errorf("listening: %v", err)
	}
}

func demoCard(change ...func(*plugins.Card)) plugins.Card { return plugintest.DemoCard(change...) }

func review(by string, verdict v1.Verdict, reason string) v1.Review {
	return plugintest.Review(v1.PersonRef{Name: by}, verdict, reason, Name)
}
