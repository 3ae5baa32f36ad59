package slack

import (
	"context"
	"strings"
	"testing"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/slack/slacksim"
)

// listen keeps the plugin connected until the test ends, and checks that it stops cleanly.
func (w *world) listen() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	listener := w.bot.(plugins.Listener) //nolint:errcheck // a socket bot
	go func() { ended <- listener.Listen(ctx, w.decisions) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("listening ended with %v", err)
		}
	})
	w.connected()
}

func (w *world) connected() {
	w.t.Helper()
	eventually.True(w.t, patience, "both connections", func() bool { return len(w.sim.Connections()) == sockets })
}

func TestTheSocketComesBackAfterEveryDisconnect(t *testing.T) {
	w := newWorld(t, viaSocket)
	w.listen()
	_, card := w.post("C0ACCESS", "k", demoCard())
	for _, c := range []struct {
		reason string
		hard   bool
	}{{"refresh_requested", false}, {"warning", false}, {"", true}} {
		before := w.sim.Connections()
		w.sim.Disconnect(c.reason, c.hard)
		eventually.True(t, patience, "new connections", func() bool {
			now := w.sim.Connections()
			return len(now) == sockets && now[0].ID != before[0].ID && now[1].ID != before[1].ID && now[0].ID != before[1].ID
		})
		taken := len(w.decisions.All())
		if result := w.click("ivan", card, actionApprove); !result.OK {
			t.Errorf("after %+v the click was answered with %+v", c, result)
		}
		if got := len(w.decisions.All()); got != taken+1 {
			t.Errorf("after %+v the click was lost", c)
		}
	}
}

func TestARefusedAppTokenEndsListening(t *testing.T) {
	w := newWorld(t, viaSocket, func(s *setting) { s.config.AppToken = secret.New("xapp-not-this-one") })
	err := w.bot.(plugins.Listener).Listen(t.Context(), w.decisions) //nolint:errcheck // a socket bot
	if plugins.KindOf(err) != plugins.Auth {
		t.Errorf("listening ended with %v, want an error of kind auth", err)
	}
	if err != nil && strings.Contains(err.Error(), "xapp-not-this-one") {
		t.Error("the error shows the token")
	}
}

func TestManyClicksAtOnceAllArrive(t *testing.T) {
	w := newWorld(t, viaSocket)
	w.listen()
	_, card := w.post("C0ACCESS", "k", demoCard())
	const clicks = 200
	results := make(chan slacksim.Result, clicks)
	for range clicks {
		go func() {
			result, err := w.sim.Click(w.t.Context(), slacksim.Click{User: "ivan", Channel: card.Channel, TS: card.TS, ActionID: actionApprove})
			if err != nil {
				t.Error(err)
			}
			results <- result
		}()
	}
	for range clicks {
		if result := <-results; !result.OK {
			t.Errorf("a click was answered with %+v", result)
		}
	}
	if got := w.decisions.Distinct(); len(got) != clicks {
		t.Errorf("%d decisions, want %d", len(got), clicks)
	}
}
