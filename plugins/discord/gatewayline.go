package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/accede/accede/plugins"
)

// Operations of the Gateway: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway.
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opHeartbeatAck   = 11
)

// Codes with which Discord closes a connection:
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes.
const (
	closeAuthentication = 4004
	closeBadSequence    = 4007
	closeRateLimited    = 4008
	closeTimedOut       = 4009
	closeInvalidShard   = 4010
	closeLastFinal      = 4014
	// closeResumable is ours: it ends a connection without ending its session.
	closeResumable = 4900
)

const (
	// helloWithin is how long Discord may take until it says hello, and then until the session has begun.
	helloWithin = 15 * time.Second
	// minBeat and maxBeat bound the heartbeat that Discord asks for.
	minBeat, maxBeat = 100 * time.Millisecond, 5 * time.Minute
	// afterInvalid and afterInvalidMost are how long to wait before a session is begun anew:
	// https://discord.com/developers/docs/events/gateway#resuming.
	afterInvalid, afterInvalidMost = time.Second, 5 * time.Second
)

// frame is what goes over the connection.
type frame struct {
	Op       int             `json:"op"`
	Data     json.RawMessage `json:"d"`
	Sequence *int64          `json:"s"`
	Type     string          `json:"t"`
}

type outgoing struct {
	Op   int `json:"op"`
	Data any `json:"d"`
}

var (
	errAskedToReconnect = errors.New("discord asked to reconnect")
	errNoHello          = errors.New("discord did not say hello")
	errSilent           = errors.New("discord does not answer heartbeats")
)

// line is one connection being read.
type line struct {
	*listening
	wire *wire
	// session is changed by the reader only; sequence is what heartbeats read.
	session  session
	sequence atomic.Int64
	awaited  atomic.Bool
	silent   atomic.Bool
	begun    bool
}

// read works on frames until the connection ends.
func (l *line) read(ctx context.Context) error {
	l.sequence.Store(l.session.sequence)
	_ = l.wire.conn.SetReadDeadline(time.Now().Add(helloWithin))
	first, err := l.next()
	if err != nil {
		return err
	}
	beat, err := beatOf(first)
	if err != nil {
		return err
	}
	if err := l.greet(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.work.Go(func() { l.heartbeats(ctx, beat) })
	for {
		next, err := l.next()
		if l.silent.Load() {
			return errSilent
		}
		if err != nil {
			return err
		}
		if err := l.on(ctx, next); err != nil {
			return err
		}
		if l.begun {
			_ = l.wire.conn.SetReadDeadline(time.Time{}) // heartbeats notice a dead connection
		}
	}
}

// next reads one frame. What cannot be read as one is passed over.
func (l *line) next() (frame, error) {
	_, raw, err := l.wire.conn.ReadMessage()
	if err != nil {
		return frame{}, err
	}
	f, err := parseFrame(raw)
	if err != nil {
		l.clicks.log.Warn("frame could not be read", "err", err)
		return frame{Op: opHeartbeatAck}, nil
	}
	return f, nil
}

func parseFrame(raw []byte) (frame, error) {
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil {
		return frame{}, fmt.Errorf("parsing frame: %w", err)
	}
	return f, nil
}

func beatOf(hello frame) (time.Duration, error) {
	var said struct {
		Interval float64 `json:"heartbeat_interval"`
	}
	if hello.Op != opHello || json.Unmarshal(hello.Data, &said) != nil || said.Interval <= 0 {
		return 0, errNoHello
	}
	beat := time.Duration(min(said.Interval, float64(maxBeat.Milliseconds())) * float64(time.Millisecond))
	return max(beat, minBeat), nil
}

// greet goes on with the last session, or begins one. No intents are needed: clicks come without.
func (l *line) greet() error {
	token := l.clicks.api.token
	if l.session.id != "" {
		return l.wire.send(outgoing{Op: opResume, Data: map[string]any{
			"token": token, "session_id": l.session.id, "seq": l.session.sequence,
		}})
	}
	return l.wire.send(outgoing{Op: opIdentify, Data: map[string]any{
		"token": token, "intents": 0,
		"properties": map[string]string{"os": runtime.GOOS, "browser": "accede", "device": "accede"},
	}})
}

func (l *line) on(ctx context.Context, f frame) error {
	if f.Sequence != nil {
		l.session.sequence = *f.Sequence
		l.sequence.Store(*f.Sequence)
	}
	switch f.Op {
	case opDispatch:
		l.dispatched(ctx, f)
	case opHeartbeat:
		return l.beat()
	case opHeartbeatAck:
		l.awaited.Store(false)
	case opReconnect:
		return errAskedToReconnect
	case opInvalidSession:
		return l.invalid(ctx, f)
	}
	return nil
}

func (l *line) dispatched(ctx context.Context, f frame) {
	switch f.Type {
	case "READY":
		var said struct {
			SessionID string `json:"session_id"`
			ResumeURL string `json:"resume_gateway_url"`
		}
		if json.Unmarshal(f.Data, &said) == nil {
			l.session.id, l.session.url = said.SessionID, said.ResumeURL
		}
		l.begun = true
		l.clicks.log.Info("gateway connected")
	case "RESUMED":
		l.begun = true
		l.clicks.log.Info("gateway connected again")
	case "INTERACTION_CREATE":
		l.take(ctx, f.Data)
	}
}

// invalid ends a session that Discord no longer knows, unless it says that the session can be gone on with.
func (l *line) invalid(ctx context.Context, f frame) error {
	if string(f.Data) != "true" {
		l.session = session{}
		l.sequence.Store(0)
	}
	wait := afterInvalid + rand.N(afterInvalidMost-afterInvalid) //nolint:gosec // spreads load, guards nothing
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return errAskedToReconnect
}

// ended closes the connection so that its session can be gone on with, unless the session has ended.
func (l *line) ended(err error) {
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		switch closed.Code {
		case closeAuthentication, closeBadSequence, closeTimedOut, websocket.CloseNormalClosure, websocket.CloseGoingAway:
			l.session = session{}
		}
		return
	}
	l.wire.close(closeResumable)
}

// heartbeats show Discord that we are here, and us that Discord is.
func (l *line) heartbeats(ctx context.Context, every time.Duration) {
	timer := time.NewTimer(rand.N(every)) //nolint:gosec // spreads load, guards nothing
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if l.awaited.Swap(true) {
			l.silent.Store(true)
			l.wire.close(closeResumable)
			return
		}
		if l.beat() != nil {
			_ = l.wire.conn.Close()
			return
		}
		timer.Reset(every)
	}
}

func (l *line) beat() error {
	var sequence *int64
	if last := l.sequence.Load(); last > 0 {
		sequence = &last
	}
	return l.wire.send(outgoing{Op: opHeartbeat, Data: sequence})
}

// explainClose says what a close code means for the host.
func explainClose(err error) error {
	closed, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		return err
	}
	out := &plugins.Error{Op: "listening to discord", Kind: plugins.Transient, Err: err, Public: "Discord closed the connection; the plugin connects again."}
	switch {
	case closed.Code == closeAuthentication:
		out.Kind, out.Public = plugins.Auth, fixOf(codeInvalidToken)
	case closed.Code == closeRateLimited:
		out.Kind, out.Public = plugins.RateLimited, sayLimited
	case closed.Code >= closeInvalidShard && closed.Code <= closeLastFinal:
		out.Kind = plugins.Invalid
		out.Public = fmt.Sprintf("Discord does not take the connection (code %d); please report this as a fault of the plugin.", closed.Code)
	}
	return out
}

// final says that another connection would end in the same way.
func final(err error) bool {
	switch typed, ok := errors.AsType[*plugins.Error](err); {
	case !ok:
		return false
	default:
		return typed.Kind != plugins.Transient
	}
}
