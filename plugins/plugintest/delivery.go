package plugintest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/host"
	"github.com/accede/accede/plugins/host/hosttest"
)

func eventuallyTrue(t testing.TB, what string, condition func() bool) {
	t.Helper()
	eventually.True(t, patience, what, condition)
}

// checkDelivery runs the plugin in the real host: events come twice, answers get lost, replicas die.
func checkDelivery(t *testing.T, subject Subject) {
	t.Run("redelivery", func(t *testing.T) {
		s := newStage(t, subject)
		s.start(nil)
		request := hosttest.NewRequest(time.Now().UTC())
		for range 5 {
			s.core.Put(v1.EventCreated, request)
		}
		s.wantCards(1)
	})
	t.Run("lost answer", func(t *testing.T) {
		s := newStage(t, subject)
		if s.vendor.Creates == nil {
			return
		}
		s.start(nil)
		s.tap.set(dropping(), 1)
		s.core.Put(v1.EventCreated, hosttest.NewRequest(time.Now().UTC()))
		s.wantCards(s.once())
	})
	t.Run("crash after posting", func(t *testing.T) {
		s := newStage(t, subject)
		var died atomic.Bool
		s.start(func(conn *hosttest.Conn, point string) {
			if point == host.AfterPost && died.CompareAndSwap(false, true) {
				conn.Kill()
			}
		})
		s.core.Put(v1.EventCreated, hosttest.NewRequest(time.Now().UTC()))
		eventuallyTrue(t, "the crash", died.Load)
		s.start(nil)
		s.wantCards(s.once())
	})
	t.Run("life", func(t *testing.T) { checkLife(t, subject) })
}

// checkLife takes a request from its creation to its end.
func checkLife(t *testing.T, subject Subject) {
	s := newStage(t, subject)
	s.start(nil)
	request := hosttest.NewRequest(time.Now().UTC())
	s.core.Put(v1.EventCreated, request)
	s.wantCards(1)
	request = hosttest.Reviewed(request, "ivan", v1.Approve, "fine")
	s.core.Put(v1.EventReviewed, request)
	s.wantCards(1)
	request = hosttest.Resolved(hosttest.Reviewed(request, "bob", v1.Approve, ""), v1.StateApproved, "bob")
	s.core.Put(v1.EventResolved, request)
	s.wantCards(1)
	if row := s.core.Row(s.vendor.Destination.ID, request.ID, v1.SlotCard); row.ShownVersion != request.Version {
		t.Errorf("the card shows version %d, want %d", row.ShownVersion, request.Version)
	}
}

// stage is a plugin in the real host, with a core in memory and a stand-in.
type stage struct {
	*bench
	core  *hosttest.Core
	finds bool
}

func newStage(t *testing.T, subject Subject) *stage {
	t.Helper()
	s := &stage{bench: newBench(t, subject), core: hosttest.New(subject.Spec.Name)}
	s.core.AckWait = 200 * time.Millisecond
	t.Cleanup(s.core.Wait)
	return s
}

// once is how many cards there may be after an outcome that nobody knows: one if the vendor can look up.
func (s *stage) once() int {
	if s.finds {
		return 1
	}
	return 2
}

// start runs one replica until the test ends.
func (s *stage) start(failpoint func(conn *hosttest.Conn, point string)) {
	s.t.Helper()
	conn := s.core.Connect()
	credential, _, err := broker.NewCredential(s.subject.Spec.Name, "nats://127.0.0.1:4222")
	if err != nil {
		s.t.Fatal(err)
	}
	options := host.Options{
		Spec: s.subject.Spec, Settings: s.settings(), Vendor: s.vendor.Config, Broker: conn, Sign: credential.Sign,
		Seal: plugins.NewSealer([]byte(sealKey)), HTTP: s.client(), Logger: newLogger(s.log), Replica: "test",
	}
	if failpoint != nil {
		options.Failpoint = func(point string) { failpoint(conn, point) }
	}
	s.run(options, conn)
}

func (s *stage) run(options host.Options, conn *hosttest.Conn) {
	s.t.Helper()
	open := options.Spec.Open
	options.Spec.Open = func(ctx context.Context, c any, deps plugins.Deps) (plugins.Notifier, error) {
		plugin, err := open(ctx, c, deps)
		_, s.finds = plugin.(plugins.Finder)
		return plugin, err
	}
	h, err := host.New(s.t.Context(), options)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !conn.Dead() {
			s.t.Errorf("stopping: %v", err)
		}
	})
}

func (s *stage) settings() host.Settings {
	settings := host.DefaultSettings()
	settings.RoleToRecipients = map[string][]string{"*": {s.vendor.Recipient}}
	settings.Lease, settings.Settle = config.Duration(time.Second), 0
	settings.Poll, settings.Heartbeat = config.Duration(100*time.Millisecond), config.Duration(200*time.Millisecond)
	settings.VendorPoll = config.Duration(100 * time.Millisecond)
	return settings
}

// wantCards waits until nothing is left to do and counts the cards at the destination.
func (s *stage) wantCards(want int) {
	s.t.Helper()
	eventuallyTrue(s.t, "everything to settle", func() bool { return len(s.core.Ledger()) > 0 && s.core.Settled() })
	cards := 0
	for _, message := range s.vendor.Messages() {
		if !message.Reply {
			cards++
		}
	}
	if cards != want {
		s.t.Errorf("%d cards, want %d; ledger %+v", cards, want, s.core.Ledger())
	}
}
