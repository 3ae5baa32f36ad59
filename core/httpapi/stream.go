package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/internal/httpx"
)

const (
	heartbeat = 15 * time.Second
	// streamGap is the least time between two looks for news, so that many followers of a busy core cost little.
	streamGap   = 50 * time.Millisecond
	streamWrite = 10 * time.Second
	// reconnectMillis is how long a client waits before it comes back.
	reconnectMillis     = 2000
	maxStreams          = 2000
	maxStreamsPerPerson = 100
)

// stream writes server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newStream(w http.ResponseWriter) *stream {
	s := &stream{w: w, control: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	return s
}

// send writes one event. id is what the client sends back to resume.
func (s *stream) send(id, event string, data any) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encoding event: %w", err)
	}
	return s.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", id, event, encoded))
}

func (s *stream) write(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return fmt.Errorf("setting write deadline: %w", err)
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("writing event: %w", err)
	}
	return s.control.Flush()
}

// fail tells the client why the stream ends. It has no id, so that resuming is not disturbed.
func (s *stream) fail(p *problem) {
	encoded, err := json.Marshal(p.Problem)
	if err != nil {
		return
	}
	_ = s.write(fmt.Sprintf("event: problem\ndata: %s\n\n", encoded)) // the stream ends either way
}

// look sends what is new to the actor, if anything.
type look func(ctx context.Context, actor core.Actor, s *stream) error

// streamed answers with a stream that looks for news at each change until the client leaves, the token ends or the server
// stops.
func (a *api) streamed(ctx context.Context, news look) (*huma.StreamResponse, error) {
	current := callOf(ctx)
	if !a.streams.enter(current.actor.Person.Name) {
		return nil, newProblem(http.StatusTooManyRequests, v1.CodeRateLimited,
			"You follow too many streams at once. Close some of them.").retryAfter(time.Minute)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) { //nolint:contextcheck // the context comes with the call
		defer a.streams.leave(current.actor.Person.Name)
		a.metrics.streams.Inc()
		defer a.metrics.streams.Dec()
		r, w := humago.Unwrap(c)
		s := newStream(w)
		if r.Method == http.MethodHead {
			return // there is no body to stream
		}
		if err := s.write(fmt.Sprintf("retry: %d\n\n", reconnectMillis)); err != nil {
			return
		}
		a.follow(r.Context(), current, s, news)
	}}, nil
}

func (a *api) follow(ctx context.Context, current *call, s *stream, news look) {
	beat := time.NewTicker(a.beat)
	defer beat.Stop()
	for {
		changed := a.service.Changed() // before looking, so that no change falls between
		if err := news(ctx, current.actor, s); err != nil {
			a.endStream(ctx, s, err)
			return
		}
		if !a.rest(ctx, current, s, changed, beat.C) {
			return
		}
	}
}

// rest waits for a change and keeps the stream alive meanwhile. It returns false when the stream is over.
func (a *api) rest(ctx context.Context, current *call, s *stream, changed <-chan struct{}, beat <-chan time.Time) bool {
	gap := time.NewTimer(streamGap)
	defer gap.Stop()
	rested := false
	for {
		ready := changed
		if !rested {
			ready = nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-httpx.Stopping(ctx):
			return false
		case <-gap.C:
			rested = true
		case <-ready:
			return true
		case <-beat:
			if !a.alive(ctx, current, s) {
				return false
			}
		}
	}
}

// alive sends a sign of life and checks that the token still holds.
func (a *api) alive(ctx context.Context, current *call, s *stream) bool {
	if err := s.write(": alive\n\n"); err != nil {
		return false
	}
	actor, err := a.service.Authenticate(ctx, current.secret, current.via)
	if err != nil {
		a.endStream(ctx, s, err)
		return false
	}
	current.actor = actor
	return true
}

func (a *api) endStream(ctx context.Context, s *stream, err error) {
	if ctx.Err() != nil {
		return // the client is gone
	}
	s.fail(a.problemOf(ctx, err))
}

// streamLimits bounds how many streams are open, in all and per person. The zero value is ready.
type streamLimits struct {
	mu       sync.Mutex
	all      int
	byPerson map[string]int
}

func (l *streamLimits) enter(person string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxStreams || l.byPerson[person] >= maxStreamsPerPerson {
		return false
	}
	if l.byPerson == nil {
		l.byPerson = map[string]int{}
	}
	l.all++
	l.byPerson[person]++
	return true
}

func (l *streamLimits) leave(person string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.byPerson[person]--; l.byPerson[person] == 0 {
		delete(l.byPerson, person)
	}
}
