package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/internal/httpx"
)

const (
	heartbeat = 15 * time.Second
	// liveGap is the least time between two looks for news.
	liveGap   = 100 * time.Millisecond
	liveWrite = 10 * time.Second
	// reconnectMillis is how long a browser waits before it comes back.
	reconnectMillis     = 3000
	maxStreams          = 2000
	maxStreamsPerPerson = 50
)

// live tells a browser that a request has changed, for as long as it shows the request. What changed, the browser then
// asks for as anybody would.
func (s *site) live() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{site: s, w: w, r: r}
		id, err := v.mayFollow() //nolint:contextcheck // the context is that of the visit
		if err != nil {
			http.Error(w, "There is nothing to follow here.", http.StatusNotFound) // any failure makes the browser give up
			return
		}
		if !s.streams.enter(v.actor.Person.Name) {
			http.Error(w, "You follow too many requests at once. Close some pages.", http.StatusTooManyRequests)
			return
		}
		defer s.streams.leave(v.actor.Person.Name)
		v.follow(id) //nolint:contextcheck // as above
	})
}

func (v *visit) mayFollow() (id string, err error) {
	if err := v.enter(); err != nil {
		return "", err
	}
	if !v.signedIn() {
		return "", errSignIn
	}
	if id, err = v.requestID(); err != nil {
		return "", err
	}
	_, err = v.Service.Request(v.ctx(), v.actor, id)
	return id, err
}

func (v *visit) follow(id string) {
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no")
	v.w.WriteHeader(http.StatusOK)
	seen, _ := strconv.ParseInt(v.r.URL.Query().Get("seen"), 10, 64) // what is no version was not seen
	if v.r.Method == http.MethodHead || v.send(fmt.Sprintf("retry: %d\n\n", reconnectMillis)) != nil {
		return
	}
	beat := time.NewTicker(v.Heartbeat)
	defer beat.Stop()
	for {
		changed := v.Service.Changed() // before looking, so that no change falls between
		request, err := v.Service.Request(v.ctx(), v.actor, id)
		if err != nil || v.tell(request, &seen) != nil || !v.rest(changed, beat.C) {
			return
		}
	}
}

// tell sends the request's version if it is newer than what was seen.
func (v *visit) tell(request v1.Request, seen *int64) error {
	if request.Version <= *seen {
		return nil
	}
	*seen = request.Version
	return v.send(fmt.Sprintf("event: changed\ndata: %d\n\n", *seen))
}

func (v *visit) send(text string) error {
	control := http.NewResponseController(v.w)
	if err := control.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil {
		return fmt.Errorf("setting write deadline: %w", err)
	}
	if _, err := v.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("writing event: %w", err)
	}
	return control.Flush()
}

// rest waits for a change, and keeps the stream and the session alive meanwhile. It returns false when the stream is over.
func (v *visit) rest(changed <-chan struct{}, beat <-chan time.Time) bool {
	if !pause(v.ctx(), liveGap) {
		return false
	}
	for {
		select {
		case <-v.ctx().Done():
			return false
		case <-httpx.Stopping(v.ctx()):
			return false
		case <-changed:
			return true
		case <-beat:
			if !v.alive() {
				return false
			}
		}
	}
}

func pause(ctx context.Context, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-httpx.Stopping(ctx):
		return false
	case <-ctx.Done():
		return false
	}
}

// alive sends a sign of life and checks that the session still holds.
func (v *visit) alive() bool {
	if v.send(": alive\n\n") != nil {
		return false
	}
	actor, err := v.Service.Authenticate(v.ctx(), v.secret, v1.ViaWeb)
	if core.CodeOf(err) == v1.CodeUnauthenticated {
		_ = v.send("event: over\ndata: -\n\n") // the stream ends either way
	}
	v.actor = actor
	return err == nil
}

// streams bounds how many streams are open, in all and per person. The zero value is ready.
type streams struct {
	mu       sync.Mutex
	all      int
	byPerson map[string]int
}

func (l *streams) enter(person string) bool {
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

func (l *streams) leave(person string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.byPerson[person]--; l.byPerson[person] == 0 {
		delete(l.byPerson, person)
	}
}
