package discordsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

// client is a bot's end of the Gateway.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

type frame struct {
	Op int             `json:"op"`
	D  json.RawMessage `json:"d"`
	S  *int64          `json:"s"`
	T  string          `json:"t"`
}

func (w *world) dial(query string) *client {
	w.t.Helper()
	var at struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal([]byte(w.call(http.MethodGet, "gateway/bot", "").body), &at); err != nil {
		w.t.Fatal(err)
	}
	conn, resp, err := websocket.DefaultDialer.DialContext(w.t.Context(), at.URL+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	w.t.Cleanup(func() { _ = conn.Close() })
	return &client{t: w.t, conn: conn}
}

func (c *client) next() frame {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	var f frame
	if err := c.conn.ReadJSON(&f); err != nil {
		c.t.Fatal(err)
	}
	return f
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) wantClose(code int) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		_, _, err := c.conn.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			c.t.Errorf("%v, want close code %d", err, code)
		}
		return
	}
}

func identify(token string) string {
	return fmt.Sprintf(`{"op":2,"d":{"token":%q,"intents":0,"properties":{"os":"linux","browser":"x","device":"x"}}}`, token)
}

// ready connects and identifies, and returns the session's id.
func (w *world) ready() (*client, string) {
	w.t.Helper()
	c := w.dial("?v=10&encoding=json")
	if hello := c.next(); hello.Op != 10 {
		w.t.Fatalf("%+v", hello)
	}
	c.send(identify(discordsim.DemoBotToken))
	f := c.next()
	var said struct {
		SessionID string `json:"session_id"`
		Resume    string `json:"resume_gateway_url"`
	}
	if err := json.Unmarshal(f.D, &said); err != nil || f.T != "READY" || said.SessionID == "" || said.Resume == "" || *f.S != 1 {
		w.t.Fatalf("%+v, %v", f, err)
	}
	return c, said.SessionID
}

func TestTheLifeOfASession(t *testing.T) {
	w := newWorld(t)
	c, id := w.ready()
	c.send(`{"op":1,"d":1}`)
	if f := c.next(); f.Op != 11 {
		t.Errorf("%+v", f)
	}
	w.sim.Disconnect("reconnect")
	if f := c.next(); f.Op != 7 {
		t.Errorf("%+v", f)
	}
	_ = c.conn.Close()
	wait(t, "the end of the connection", func() bool { return !w.sim.Sessions()[0].Connected })
	m := w.postCard()
	result, err := w.sim.Click(t.Context(), discordsim.Click{User: "ivan", Channel: access, Message: m, CustomID: "no"})
	if err != nil || result.OK || result.ShownError == "" {
		t.Errorf("%+v, %v", result, err)
	}
	c = w.dial("?v=10&encoding=json")
	c.next()
	c.send(fmt.Sprintf(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":1}}`, discordsim.DemoBotToken, id))
	if f := c.next(); f.T != "INTERACTION_CREATE" || *f.S != 2 {
		t.Errorf("the missed click: %+v", f)
	}
	if f := c.next(); f.T != "RESUMED" {
		t.Errorf("%+v", f)
	}
	_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	wait(t, "the end of the session", func() bool { return len(w.sim.Sessions()) == 0 })
}

func TestWhatTheGatewayDoesNotTake(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		query, send string
		code        int
	}{
		"bad token":     {"?v=10", identify("x.y.z"), 4004},
		"old version":   {"?v=6", "", 4012},
		"no json":       {"?v=10", "hello", 4002},
		"no intents":    {"?v=10", `{"op":2,"d":{"token":"x","properties":{}}}`, 4002},
		"unknown op":    {"?v=10", `{"op":99}`, 4001},
		"too early":     {"?v=10", `{"op":3,"d":{}}`, 4003},
		"resume, token": {"?v=10", `{"op":6,"d":{"token":"x","session_id":"y","seq":1}}`, 4004},
	} {
		t.Run(name, func(t *testing.T) {
			conn := w.dial(c.query)
			conn.t = t
			if c.send != "" {
				conn.next()
				conn.send(c.send)
			}
			conn.wantClose(c.code)
		})
	}
	c, _ := w.ready()
	c.send(identify(discordsim.DemoBotToken))
	c.wantClose(4005)
	c, _ = w.ready()
	for range 121 {
		c.send(`{"op":1,"d":null}`)
	}
	c.wantClose(4008)
}

func TestSessionsThatAreNotKnown(t *testing.T) {
	w := newWorld(t)
	c := w.dial("?v=10")
	c.next()
	c.send(fmt.Sprintf(`{"op":6,"d":{"token":%q,"session_id":"nope","seq":1}}`, discordsim.DemoBotToken))
	if f := c.next(); f.Op != 9 || string(f.D) != "false" {
		t.Errorf("%+v", f)
	}
	w.fault(standin.Faults{RateLimitReal: true})
	w.ready()
	c = w.dial("?v=10")
	c.next()
	c.send(identify(discordsim.DemoBotToken))
	if f := c.next(); f.Op != 9 {
		t.Errorf("two sessions within five seconds: %+v", f)
	}
}

func TestASilentBotIsLeft(t *testing.T) {
	w := newWorld(t, func(c *discordsim.Config, _ *standin.Options) { c.HeartbeatMS = 50 })
	w.ready()
	wait(t, "the end of the connection", func() bool { return len(w.sim.Sessions()) == 1 && !w.sim.Sessions()[0].Connected })
}
