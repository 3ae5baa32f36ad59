package discordsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

func (g *gateway) identify(l *line, data json.RawMessage) bool {
	var ask struct {
		Token      string            `json:"token"`
		Intents    *int              `json:"intents"`
		Properties map[string]string `json:"properties"`
	}
	if json.Unmarshal(data, &ask) != nil || ask.Intents == nil || ask.Properties == nil {
		l.close(closeDecode, "Error while decoding payload.")
		return false
	}
	if !g.knows(ask.Token) {
		l.close(closeAuthentication, "Authentication failed.")
		return false
	}
	if g.tooSoon() {
		return l.invalid(false) == nil
	}
	s := g.begin(l)
	_ = l.conn.SetReadDeadline(time.Now().Add(g.heartbeat() * 5 / 2))
	g.tell(s, "READY", map[string]any{
		"v": 10, "user": wireUser(g.sim.users[g.sim.cfg.Application.ID]), "session_id": s.id, "session_type": "normal",
		"resume_gateway_url": gatewayAddress(l.base), "guilds": []any{}, "application": map[string]any{"id": g.sim.cfg.Application.ID, "flags": 0},
	})
	return true
}

// knows accepts the token with and without the word before it, as Discord does.
func (g *gateway) knows(token string) bool {
	return token == g.sim.cfg.Token || token == "Bot "+g.sim.cfg.Token
}

// tooSoon says that the bot identifies more often than once in five seconds, where that is kept.
func (g *gateway) tooSoon() bool {
	strict, _ := g.sim.faults.RealLimits()
	g.mu.Lock()
	defer g.mu.Unlock()
	return strict && time.Since(g.identified) < identifyEvery
}

func (g *gateway) begin(l *line) *session {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.identifies++
	g.identified = time.Now()
	s := &session{id: fmt.Sprintf("%016x%016x", g.sim.dice.Uint64(), g.sim.dice.Uint64()), since: g.sim.opts.Clock(), on: l}
	l.session = s
	g.sessions = append(g.sessions, s)
	g.sim.changes.Touch()
	return s
}

func (l *line) invalid(resumable bool) error {
	return l.send(map[string]any{"op": opInvalidSession, "d": resumable, "s": nil, "t": nil})
}

func (g *gateway) resume(l *line, data json.RawMessage) bool {
	var ask struct {
		Token    string `json:"token"`
		Session  string `json:"session_id"`
		Sequence int64  `json:"seq"`
	}
	if json.Unmarshal(data, &ask) != nil {
		l.close(closeDecode, "Error while decoding payload.")
		return false
	}
	if !g.knows(ask.Token) {
		l.close(closeAuthentication, "Authentication failed.")
		return false
	}
	missed, s := g.takeOver(l, ask.Session, ask.Sequence)
	if s == nil {
		return l.invalid(false) == nil
	}
	_ = l.conn.SetReadDeadline(time.Now().Add(g.heartbeat() * 5 / 2))
	for _, e := range missed {
		if l.send(e.frame) != nil {
			return false
		}
	}
	g.tell(s, "RESUMED", map[string]any{})
	return true
}

// takeOver gives a session a new connection and returns what it missed.
func (g *gateway) takeOver(l *line, id string, sequence int64) ([]event, *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.IndexFunc(g.sessions, func(s *session) bool { return s.id == id && sequence <= s.sequence })
	if at < 0 {
		return nil, nil
	}
	s := g.sessions[at]
	if s.on != nil {
		_ = s.on.conn.Close()
	}
	s.on, l.session = l, s
	g.sim.changes.Touch()
	return slices.DeleteFunc(slices.Clone(s.events), func(e event) bool { return e.sequence <= sequence }), s
}

// tell sends one event to one session, or keeps it for when the session is resumed.
func (g *gateway) tell(s *session, kind string, data any) {
	g.mu.Lock()
	s.sequence++
	frame, err := json.Marshal(map[string]any{"op": opDispatch, "d": data, "s": s.sequence, "t": kind})
	if err != nil {
		g.mu.Unlock()
		return
	}
	s.events = append(s.events, event{sequence: s.sequence, frame: frame})
	if len(s.events) > maxBuffered {
		s.events = s.events[1:]
	}
	on := s.on
	g.mu.Unlock()
	if on != nil {
		_ = on.send(json.RawMessage(frame))
	}
}
