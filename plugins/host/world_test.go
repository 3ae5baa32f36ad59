package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/obs/obstest"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	channel = "#access-requests"
	alice   = "dm:alice"
)

// world is a core, a vendor and the replicas of one plugin between them.
type world struct {
	t          *testing.T
	core       *hosttest.Core
	vendor     *hosttest.Vendor
	settings   host.Settings
	credential broker.Credential
	replicas   []*replica
	// open makes the plugin of a new replica; nil gives it every capability.
	open func(*hosttest.Client) plugins.Notifier
}

type replica struct {
	host   *host.Host
	conn   *hosttest.Conn
	client *hosttest.Client
	stop   context.CancelFunc
	done   chan error
	log    *obstest.Log
}

// inWorld runs a test in a bubble of time of its own.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(newWorld(t))
	})
}

func newWorld(t *testing.T) *world {
	t.Helper()
	credential, public, err := broker.NewCredential("fake", "nats://127.0.0.1:4222")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, core: hosttest.New("fake"), vendor: hosttest.NewVendor(), settings: host.DefaultSettings(), credential: credential}
	w.core.PublicKey = public
	w.settings.RoleToRecipients = map[string][]string{"*": {channel}}
	t.Cleanup(w.stopAll)
	return w
}

type setting func(*host.Options, *replica)

// start runs one more replica.
func (w *world) start(settings ...setting) *replica {
	w.t.Helper()
	r := &replica{conn: w.core.Connect(), client: w.vendor.Client(), done: make(chan error, 1)}
	logger, log := obstest.Logger(w.t)
	r.log = log
	options := host.Options{
		Spec: w.spec(r), Settings: w.settings, Vendor: &struct{}{}, Broker: r.conn, Sign: w.credential.Sign,
		Seal: plugins.NewSealer([]byte("secret")), Logger: logger,
		Replica: "replica-" + string("abcdefghijklmnopqrstuvwxyz"[len(w.replicas)%26]),
	}
	for _, set := range settings {
		set(&options, r)
	}
	h, err := host.New(w.t.Context(), options)
	if err != nil {
		w.t.Fatal(err)
	}
	r.host = h
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.done <- h.Run(ctx) }()
	w.replicas = append(w.replicas, r)
	return r
}

func (w *world) spec(r *replica) plugins.Spec {
	return plugins.Define("fake", "Fake", nil, func() *struct{} { return &struct{}{} },
		func(context.Context, *struct{}, plugins.Deps) (plugins.Notifier, error) {
			if w.open != nil {
				return w.open(r.client), nil
			}
			return r.client, nil
		})
}

func (w *world) stopAll() {
	w.t.Helper()
	for _, r := range w.replicas {
		r.stop()
	}
	for _, r := range w.replicas {
		if err := <-r.done; err != nil && !r.conn.Dead() {
			w.t.Errorf("stopping: %v", err)
		}
	}
	w.core.Wait()
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// until lets time go by until condition holds.
func (w *world) until(limit time.Duration, what string, condition func() bool) {
	w.t.Helper()
	for end := time.Now().Add(limit); ; pass(100 * time.Millisecond) {
		synctest.Wait()
		if condition() {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("waited %s for %s\nledger: %+v\nmessages: %+v", limit, what, w.core.Ledger(), w.vendor.Messages())
		}
	}
}

func (w *world) settled() {
	w.t.Helper()
	w.until(10*time.Minute, "everything to settle", w.core.Settled)
}

// put announces a version and waits until nothing is left to do.
func (w *world) put(kind string, request v1.Request) {
	w.t.Helper()
	w.core.Put(kind, request)
	w.settled()
}

// cards returns the cards at a destination, without notes.
func (w *world) cards(destination string) []hosttest.Message {
	var cards []hosttest.Message
	for _, m := range w.vendor.At(destination) {
		if m.Note == nil {
			cards = append(cards, m)
		}
	}
	return cards
}

func (w *world) notes(destination string) []hosttest.Message {
	var notes []hosttest.Message
	for _, m := range w.vendor.At(destination) {
		if m.Note != nil {
			notes = append(notes, m)
		}
	}
	return notes
}

func request() v1.Request { return hosttest.NewRequest(time.Now().UTC()) }

// failing returns an interceptor that fails one operation so many times.
func failing(operation string, stage hosttest.Stage, times int, err error) func(context.Context, string, hosttest.Stage) error {
	left := make(chan struct{}, times)
	for range times {
		left <- struct{}{}
	}
	return func(_ context.Context, op string, s hosttest.Stage) error {
		if op != operation || s != stage {
			return nil
		}
		select {
		case <-left:
			return err
		default:
			return nil
		}
	}
}

func kind(k plugins.Kind) error {
	return &plugins.Error{Op: "posting message", Kind: k, Err: errors.New("the vendor said so")}
}

// Capabilities that a plugin may lack.
type (
	withoutFinder struct {
		plugins.Notifier
		plugins.Updater
		plugins.Replier
		plugins.Resolver
	}
	onlyNotifier struct{ plugins.Notifier }
	updaterOnly  struct {
		plugins.Notifier
		plugins.Updater
		plugins.Finder
		plugins.Resolver
	}
)

func blind(c *hosttest.Client) plugins.Notifier { return withoutFinder{c, c, c, c} }

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
