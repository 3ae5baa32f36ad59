package slacksim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Facts of Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode.
const (
	maxSockets = 10
	// maxAck is the size from which Slack silently drops what an app answers.
	maxAck       = 20 << 10
	pingInterval = 5 * time.Second
	ticketLife   = 30 * time.Second
	writeWait    = 5 * time.Second
)

// socketHub holds the app's Socket Mode connections.
type socketHub struct {
	sim      *Sim
	upgrader websocket.Upgrader

	mu      sync.Mutex
	tickets map[string]time.Time
	open    []*socket
	acks    map[string]chan json.RawMessage
	closed  bool
}

// socket is one connection.
type socket struct {
	id        string
	conn      *websocket.Conn
	since     time.Time
	envelopes int
	// gone is closed when the connection has ended.
	gone chan struct{}

	write sync.Mutex
}

func newSocketHub(s *Sim) *socketHub {
	return &socketHub{
		sim: s, tickets: map[string]time.Time{}, acks: map[string]chan json.RawMessage{},
		// Apps send the Origin https://api.slack.com, or none.
		upgrader: websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }},
	}
}

func (s *Sim) appsConnectionsOpen(c *call) (reply, error) {
	ticket := s.sockets.newTicket()
	address := strings.Replace(c.base, "http", "ws", 1) + "/link/?" +
		url.Values{"ticket": {ticket}, "app_id": {s.cfg.App.ID}}.Encode()
	return reply{"url": address}, nil
}

func (h *socketHub) newTicket() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for ticket, until := range h.tickets {
		if now.After(until) {
			delete(h.tickets, ticket)
		}
	}
	ticket := uuid.NewString()
	h.tickets[ticket] = now.Add(ticketLife)
	return ticket
}

func (h *socketHub) redeem(ticket string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, known := h.tickets[ticket]
	delete(h.tickets, ticket)
	return known && time.Now().Before(until)
}

func (s *Sim) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.sockets.redeem(r.URL.Query().Get("ticket")) {
		http.Error(w, "this ticket is unknown, used or too old", http.StatusUnauthorized)
		return
	}
	conn, err := s.sockets.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.sockets.serve(&socket{id: uuid.NewString(), conn: conn, since: s.opts.Clock(), gone: make(chan struct{})})
}

func (h *socketHub) serve(c *socket) {
	defer func() { _ = c.conn.Close() }()
	defer close(c.gone)
	count, ok := h.join(c)
	if !ok {
		_ = c.send(disconnectFrame("too_many_websockets"))
		return
	}
	defer h.leave(c)
	if c.send(h.hello(count)) != nil {
		return
	}
	h.sim.work.Go(c.keepAlive)
	h.read(c)
}

func (h *socketHub) join(c *socket) (count int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.open) >= maxSockets {
		return len(h.open), false
	}
	h.open = append(h.open, c)
	h.sim.changes.Touch()
	return len(h.open), true
}

func (h *socketHub) leave(c *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = slices.DeleteFunc(h.open, func(o *socket) bool { return o == c })
	h.sim.changes.Touch()
}

func (h *socketHub) hello(count int) any {
	return map[string]any{
		"type": "hello", "num_connections": count,
		"connection_info": map[string]any{"app_id": h.sim.cfg.App.ID},
		"debug_info":      map[string]any{"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
	}
}

func disconnectFrame(reason string) any {
	return map[string]any{
		"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-sandbox"},
	}
}

func (c *socket) send(frame any) error {
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return c.conn.WriteJSON(frame)
}

func (c *socket) keepAlive() {
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for {
		if c.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(writeWait)) != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-c.gone:
			return
		}
	}
}

// read takes acknowledgements until the connection ends.
func (h *socketHub) read(c *socket) {
	for {
		_, frame, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if len(frame) >= maxAck || json.Unmarshal(frame, &ack) != nil {
			continue
		}
		h.acknowledge(ack.EnvelopeID, ack.Payload)
	}
}

func (h *socketHub) acknowledge(id string, payload json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if waiting, known := h.acks[id]; known {
		delete(h.acks, id)
		waiting <- payload
	}
}

// pick chooses one open connection at random, as Slack does.
func (h *socketHub) pick() *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.open) == 0 {
		return nil
	}
	c := h.open[h.sim.dice.Intn(len(h.open))]
	c.envelopes++
	return c
}

// deliver sends one envelope to one connection and waits for its acknowledgement until ctx ends.
func (h *socketHub) deliver(ctx context.Context, payload json.RawMessage) (ack json.RawMessage, problem string) {
	c := h.pick()
	if c == nil {
		return nil, shownNotConnected
	}
	id, waiting := uuid.NewString(), make(chan json.RawMessage, 1)
	h.mu.Lock()
	h.acks[id] = waiting
	h.mu.Unlock()
	defer h.acknowledgeNoMore(id)
	envelope := map[string]any{
		"envelope_id": id, "type": "interactive", "accepts_response_payload": true, "payload": payload,
	}
	if c.send(envelope) != nil {
		return nil, shownNoAnswer
	}
	select {
	case ack = <-waiting:
		return ack, ""
	case <-c.gone:
	case <-ctx.Done():
	}
	return nil, shownNoAnswer
}

func (h *socketHub) acknowledgeNoMore(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.acks, id)
}

// disconnect tells connections to go, and drops them when hard is set. It returns how many there were.
func (h *socketHub) disconnect(reason string, hard bool) int {
	h.mu.Lock()
	open := slices.Clone(h.open)
	h.mu.Unlock()
	for _, c := range open {
		if hard {
			_ = c.conn.Close()
			continue
		}
		_ = c.send(disconnectFrame(reason))
	}
	return len(open)
}

func (h *socketHub) closeAll() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.disconnect("", true)
}
