package discordsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Facts of the Gateway: https://discord.com/developers/docs/events/gateway.
const (
	maxIdentifies    = 1000
	usualHeartbeatMS = 41250
	identifyEvery    = 5 * time.Second
	maxSends         = 120
	sendSpan         = time.Minute
	maxClientFrame   = 4096
	identifyWithin   = 30 * time.Second
	writeWait        = 5 * time.Second
	// maxBuffered bounds the events that a broken connection can catch up on.
	maxBuffered = 500
)

// Operations of the Gateway.
const (
	opDispatch, opHeartbeat, opIdentify     = 0, 1, 2
	opResume, opReconnect, opInvalidSession = 6, 7, 9
	opHello, opHeartbeatAck                 = 10, 11
)

// Codes with which the Gateway closes a connection.
const (
	closeUnknownOp, closeDecode, closeNotAuthenticated = 4001, 4002, 4003
	closeAuthentication, closeAlready                  = 4004, 4005
	closeRateLimited, closeTimedOut, closeVersion      = 4008, 4009, 4012
)

// gateway holds the app's sessions.
type gateway struct {
	sim      *Sim
	upgrader websocket.Upgrader

	mu         sync.Mutex
	sessions   []*session
	conns      map[*line]bool
	identifies int
	identified time.Time
	closed     bool
}

// session outlives its connection for as long as it can be resumed. Its fields are guarded by the gateway's lock.
type session struct {
	id       string
	since    time.Time
	sequence int64
	events   []event
	// on is the connection, nil while there is none.
	on *line
}

type event struct {
	sequence int64
	frame    json.RawMessage
}

// line is one connection.
type line struct {
	conn    *websocket.Conn
	session *session
	base    string

	write sync.Mutex
	sends []time.Time
}

func newGateway(s *Sim) *gateway {
	return &gateway{
		sim: s, conns: map[*line]bool{}, upgrader: websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }},
	}
}

// left is how often the bot may still identify today.
func (g *gateway) left() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, maxIdentifies-g.identifies)
}

func (g *gateway) heartbeat() time.Duration {
	if g.sim.cfg.HeartbeatMS > 0 {
		return time.Duration(g.sim.cfg.HeartbeatMS) * time.Millisecond
	}
	return usualHeartbeatMS * time.Millisecond
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := g.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(maxClientFrame)
	l := &line{conn: conn, base: g.sim.opts.External(r)}
	defer func() { _ = conn.Close() }()
	if !g.join(l) {
		return
	}
	defer g.leave(l)
	if version := r.URL.Query().Get("v"); version != "9" && version != "10" {
		l.close(closeVersion, "Invalid API version")
		return
	}
	if l.send(map[string]any{"op": opHello, "d": map[string]any{"heartbeat_interval": g.heartbeat().Milliseconds()}, "s": nil, "t": nil}) != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(identifyWithin))
	g.read(l)
}

func (g *gateway) join(l *line) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.conns[l] = true
	return true
}

// leave keeps the session for whoever resumes it.
func (g *gateway) leave(l *line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, l)
	if l.session != nil && l.session.on == l {
		l.session.on = nil
	}
	g.sim.changes.Touch()
}

func (l *line) send(frame any) error {
	l.write.Lock()
	defer l.write.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return l.conn.WriteJSON(frame)
}

func (l *line) close(code int, reason string) {
	_ = l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(writeWait))
	_ = l.conn.Close()
}

// read works on the app's frames until the connection ends.
func (g *gateway) read(l *line) {
	for {
		_, raw, err := l.conn.ReadMessage()
		if err != nil {
			g.lost(l, err)
			return
		}
		var frame struct {
			Op   *int            `json:"op"`
			Data json.RawMessage `json:"d"`
		}
		switch {
		case l.tooMany():
			l.close(closeRateLimited, "Rate limited.")
			return
		case json.Unmarshal(raw, &frame) != nil || frame.Op == nil:
			l.close(closeDecode, "Error while decoding payload.")
			return
		case !g.take(l, *frame.Op, frame.Data):
			return
		}
	}
}

func (l *line) tooMany() bool {
	now := time.Now()
	l.sends = append(slices.DeleteFunc(l.sends, func(at time.Time) bool { return now.Sub(at) > sendSpan }), now)
	return len(l.sends) > maxSends
}

// lost ends the session if the app said goodbye for good.
func (g *gateway) lost(l *line, err error) {
	if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
		g.drop(l.session)
	}
}

func (g *gateway) drop(s *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions = slices.DeleteFunc(g.sessions, func(other *session) bool { return other == s })
}

// take works on one frame and returns whether the connection goes on.
func (g *gateway) take(l *line, op int, data json.RawMessage) bool {
	switch {
	case op == opHeartbeat:
		if l.session != nil {
			_ = l.conn.SetReadDeadline(time.Now().Add(g.heartbeat() * 5 / 2))
		}
		return l.send(map[string]any{"op": opHeartbeatAck, "d": nil, "s": nil, "t": nil}) == nil
	case op != opIdentify && op != opResume:
		code, reason := closeUnknownOp, "Unknown opcode."
		if l.session == nil && op > 0 && op < opHello {
			code, reason = closeNotAuthenticated, "Not authenticated."
		}
		l.close(code, reason)
		return false
	case l.session != nil:
		l.close(closeAlready, "Already authenticated.")
		return false
	case op == opIdentify:
		return g.identify(l, data)
	default:
		return g.resume(l, data)
	}
}

// dispatch sends an event to every session, as Discord does when several are open for the same shard, and returns how many
// were connected.
func (g *gateway) dispatch(kind string, data json.RawMessage) int {
	g.mu.Lock()
	sessions, connected := slices.Clone(g.sessions), 0
	for _, s := range sessions {
		if s.on != nil {
			connected++
		}
	}
	g.mu.Unlock()
	for _, s := range sessions {
		g.tell(s, kind, data)
	}
	return connected
}

// lines returns the connections that have a session.
func (g *gateway) lines() (out []*line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.sessions {
		if s.on != nil {
			out = append(out, s.on)
		}
	}
	return out
}

// Disconnect ends the connections: "reconnect" asks for another one, "drop" breaks off, "invalid" ends the sessions, and
// "authentication" says that the token is not valid. It returns how many there were.
func (s *Sim) Disconnect(kind string) int {
	lines := s.gateway.lines()
	for _, l := range lines {
		switch kind {
		case "drop":
			_ = l.conn.Close()
		case "invalid":
			s.gateway.drop(l.session)
			_ = l.invalid(false)
		case "authentication":
			s.gateway.drop(l.session)
			l.close(closeAuthentication, "Authentication failed.")
		default:
			_ = l.send(map[string]any{"op": opReconnect, "d": nil, "s": nil, "t": nil})
		}
	}
	return len(lines)
}

func (g *gateway) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for l := range g.conns {
		_ = l.conn.Close()
	}
}
