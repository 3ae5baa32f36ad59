package discord

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/accede/accede/internal/config"
	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/standin"
)

func TestTheGatewayIsJoinedAgain(t *testing.T) {
	for _, kind := range []string{"reconnect", "invalid"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).listen()
			before := w.sim.Sessions()[0].ID
			w.sim.Disconnect(kind)
			eventually.True(t, patience, "another connection", func() bool {
				now := w.sim.Sessions()
				resumed := len(now) == 1 && now[0].Connected && now[0].ID == before && now[0].Sequence == 2
				begun := len(now) == 1 && now[0].Connected && now[0].ID != before && now[0].Sequence == 1
				return resumed && kind == "reconnect" || begun && kind == "invalid"
			})
			_, m := w.post(access, keyOne, demoCard())
			w.click("ivan", m, "Approve")
			w.oneDecision()
		})
	}
}

// TestABrokenConnectionIsResumed breaks a connection off and starts listening again, as the host does. The click that came
// meanwhile is not lost.
func TestABrokenConnectionIsResumed(t *testing.T) {
	w := newWorld(t)
	listen := func() chan error {
		ended := make(chan error, 1)
		go func() { ended <- w.bot.(plugins.Listener).Listen(t.Context(), w.decisions) }() //nolint:errcheck // a gateway bot
		w.awaitSessions(1)
		return ended
	}
	ended := listen()
	_, m := w.post(access, keyOne, demoCard())
	w.sim.Disconnect("drop")
	if err := <-ended; plugins.KindOf(err) != plugins.Transient {
		t.Errorf("%v", err)
	}
	if result := w.click("ivan", m, "Approve"); result.OK {
		t.Errorf("%+v", result)
	}
	ended = listen()
	eventually.True(t, patience, "the click", func() bool { return len(w.decisions.Distinct()) == 1 })
	t.Cleanup(func() { assertEnded(t, ended) })
}

// mute is a Gateway that says hello and then nothing more.
func mute(t *testing.T) string {
	t.Helper()
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v10/gateway/bot" {
			_, _ = io.WriteString(w, `{"url":"ws`+strings.TrimPrefix(server.URL, "http")+`/"}`)
			return
		}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"op":10,"d":{"heartbeat_interval":100}}`))
		for err == nil {
			_, _, err = conn.ReadMessage()
		}
	})
	return server.URL + "/api/v10"
}

func TestASilentGatewayIsLeft(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.config.APIURL = config.Address(mute(t)) })
	err := w.bot.(plugins.Listener).Listen(t.Context(), w.decisions) //nolint:errcheck // a gateway bot
	if !errors.Is(err, errSilent) || plugins.KindOf(err) != plugins.Transient {
		t.Errorf("%v", err)
	}
}

func TestWhenListeningGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*setting)
		during func(*world)
		kind   plugins.Kind
		public string
	}{
		"token unknown":      {change: func(s *setting) { s.config.BotToken = secret.New("a.b.c") }, kind: plugins.Auth, public: "Reset Token"},
		"token reset":        {during: func(w *world) { w.sim.Disconnect("authentication") }, kind: plugins.Auth, public: "Reset Token"},
		"nobody there":       {change: func(s *setting) { s.config.APIURL = "http://127.0.0.1:1/api/v10" }, kind: plugins.Transient, public: "could not be reached"},
		"discord in trouble": {during: broken, kind: plugins.Transient, public: "having trouble"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var changes []func(*setting)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := newWorld(t, changes...)
			ended := make(chan error, 1)
			if name == "discord in trouble" {
				c.during(w)
			}
			go func() { ended <- w.bot.(plugins.Listener).Listen(t.Context(), w.decisions) }() //nolint:errcheck // a gateway bot
			if name == "token reset" {
				w.awaitSessions(1)
				c.during(w)
			}
			err := <-ended
			if plugins.KindOf(err) != c.kind {
				t.Errorf("kind %s of %v, want %s", plugins.KindOf(err), err, c.kind)
			}
			w.wantPublic(err, c.public)
		})
	}
}

func broken(w *world) {
	if err := w.sim.Faults().Set(standin.Faults{FailBefore: 1}); err != nil {
		w.t.Error(err)
	}
}

func (w *world) wantPublic(err error, part string) {
	w.t.Helper()
	f := (&bot{}).finding("", err)
	if !strings.Contains(f.Fix, part) {
		w.t.Errorf("it says %q, want %q", f.Fix, part)
	}
}

func TestTheGatewayHasToBeAsSafeAsTheAPI(t *testing.T) {
	w := newWorld(t)
	l := &listening{clicks: clicks{bot: w.bot.(*gatewayBot).bot}} //nolint:errcheck // a gateway bot
	last := session{id: "s", url: "ws://127.0.0.1:1/"}
	if _, err := l.address(t.Context(), last); err != nil {
		t.Errorf("in a sandbox: %v", err)
	}
	l.clicks.api.secure = true
	for _, address := range []string{"ws://gateway.discord.gg", "https://gateway.discord.gg", "wss://", "%"} {
		if got, err := l.address(t.Context(), session{id: "s", url: address}); err == nil {
			t.Errorf("%q leads to %q", address, got)
		}
	}
}

func TestHello(t *testing.T) {
	for raw, want := range map[string]time.Duration{
		`{"op":10,"d":{"heartbeat_interval":41250}}`: 41250 * time.Millisecond,
		`{"op":10,"d":{"heartbeat_interval":1}}`:     minBeat,
		`{"op":10,"d":{"heartbeat_interval":1e12}}`:  maxBeat,
		`{"op":10,"d":{"heartbeat_interval":0}}`:     0,
		`{"op":10,"d":null}`:                         0,
		`{"op":0,"d":{"heartbeat_interval":41250}}`:  0,
	} {
		f, err := parseFrame([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := beatOf(f); got != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %s, %v", raw, got, err)
		}
	}
}

func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"op":10,"d":{"heartbeat_interval":41250},"s":null,"t":null}`, `{"op":0,"d":{"session_id":"x"},"s":1,"t":"READY"}`,
		`{"op":9,"d":true}`, `null`, `[]`, `{"op":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		frame, err := parseFrame(raw)
		if err != nil {
			return
		}
		if beat, err := beatOf(frame); err == nil && (beat < minBeat || beat > maxBeat) {
			t.Errorf("heartbeat every %s", beat)
		}
	})
}

func FuzzInteraction(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"type":1}`,
		`{"id":"1300000000000000001","application_id":"1200000000000000001","type":3,"token":"t","member":{"user":{"id":"1000000000000000002"}},"data":{"custom_id":"as.x"}}`,
		`{"id":"1300000000000000001","application_id":"1200000000000000001","type":5,"token":"t","user":{"id":"1000000000000000002"},"data":{"custom_id":"af.x","components":[{"type":18,"component":{"custom_id":"reason","value":"x"}}]}}`,
		`{"id":"1300000000000000001","application_id":"1200000000000000001","type":5,"token":"t","user":{"id":"1000000000000000002"},"data":{"components":[{"components":[{"components":[{"components":[{"custom_id":"reason"}]}]}]}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		i, err := parseInteraction(raw)
		if err != nil || i.Type == typePing {
			return
		}
		if !snowflake.MatchString(i.by().ID) || !snowflake.MatchString(i.ID) || i.Token == "" {
			t.Errorf("accepted %q", raw)
		}
		_, _ = i.userName(), i.written(reasonInput)
		if _, err := json.Marshal(i.evidence()); err != nil {
			t.Error(err)
		}
	})
}

func TestBothLayoutsOfAFormAreRead(t *testing.T) {
	for name, components := range map[string]string{
		"rows":   `[{"type":1,"components":[{"type":4,"custom_id":"reason","value":"why"}]}]`,
		"labels": `[{"type":18,"component":{"type":4,"custom_id":"reason","value":"why"}}]`,
	} {
		i, err := parseInteraction([]byte(`{"id":"1300000000000000001","application_id":"1200000000000000001","type":5,"token":"t",` +
			`"user":{"id":"1000000000000000002"},"data":{"components":` + components + `}}`))
		if err != nil || i.written(reasonInput) != "why" || i.written("other") != "" {
			t.Errorf("%s: %q, %v", name, i.written(reasonInput), err)
		}
	}
}
