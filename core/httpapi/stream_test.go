package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/httpapi/httpapitest"
	"github.com/accede/accede/internal/eventually"
)

// sse is one server-sent event, or a comment.
type sse struct{ id, kind, data, comment string }

// stream opens an event stream and hands its events on until it ends.
func (s *server) stream(a ask) (events <-chan sse, leave func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	client := &http.Client{Transport: s.http.Transport}
	response, err := client.Do(s.request(ctx, a)) //nolint:bodyclose // closed where it is read
	if err != nil {
		s.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != 200 || kind != "text/event-stream" {
		s.t.Fatalf("%s %s", response.Status, kind)
	}
	out, done := make(chan sse), make(chan struct{})
	go func() {
		defer close(done)
		defer close(out)
		defer response.Body.Close()
		readEvents(ctx, bufio.NewScanner(response.Body), out)
	}()
	leave = func() { cancel(); <-done }
	s.t.Cleanup(leave)
	return out, leave
}

func readEvents(ctx context.Context, lines *bufio.Scanner, out chan<- sse) {
	var event sse
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			event.id = value
		case "event":
			event.kind = value
		case "data":
			event.data = value
		case "":
			event.comment = value
			if event == (sse{}) {
				continue
			}
			select {
			case out <- event:
			case <-ctx.Done():
				return
			}
			event = sse{}
		}
	}
}

func next(t *testing.T, events <-chan sse) sse {
	t.Helper()
	select {
	case event, ok := <-events:
		if !ok {
			t.Fatal("the stream ended")
		}
		return event
	case <-time.After(5 * time.Second):
		t.Fatal("waited 5s for an event")
		return sse{}
	}
}

func ended(t *testing.T, events <-chan sse) {
	t.Helper()
	select {
	case event, ok := <-events:
		if ok {
			t.Fatalf("the stream goes on with %+v", event)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("waited 5s for the stream to end")
	}
}

func TestWatchFollowsARequest(t *testing.T) {
	s := serve(t)
	request := s.create("x")
	events, leave := s.stream(ask{method: "GET", path: "/v1/requests/" + request.ID + "/watch", who: "alice"})
	first := next(t, events)
	if first.id != "1" || first.kind != "request" {
		t.Errorf("first event %+v", first)
	}
	s.review(request.ID, "ivan")
	if second := next(t, events); second.id != "2" {
		t.Errorf("second event %+v", second)
	}
	leave()
	s.review(request.ID, "bob")
	resumed, _ := s.stream(ask{
		method: "GET", path: "/v1/requests/" + request.ID + "/watch", who: "alice", headers: map[string]string{"Last-Event-ID": "2"},
	})
	last := next(t, resumed)
	var shown v1.Request
	if err := json.Unmarshal([]byte(last.data), &shown); err != nil || shown.State != v1.StateApproved || last.id != "3" {
		t.Errorf("resumed with %+v: %v", last, err)
	}
}

func TestEventsResumeWithoutGapOrRepeat(t *testing.T) {
	s := serve(t)
	events, leave := s.stream(ask{method: "GET", path: "/v1/events", who: "ivan"})
	request := s.create("x")
	created := next(t, events)
	if created.kind != v1.EventCreated || !strings.Contains(created.data, request.ID) {
		t.Errorf("first event %+v", created)
	}
	leave()
	s.review(request.ID, "ivan")
	s.review(request.ID, "bob")
	resumed, _ := s.stream(ask{method: "GET", path: "/v1/events", who: "ivan", headers: map[string]string{"Last-Event-ID": created.id}})
	for want := int64(2); want <= 3; want++ {
		var event v1.Event
		if err := json.Unmarshal([]byte(next(t, resumed).data), &event); err != nil || event.Sequence != want {
			t.Errorf("sequence %d, want %d: %v", event.Sequence, want, err)
		}
	}
	one, _ := s.stream(ask{method: "GET", path: "/v1/events?request=" + request.ID + "&after=" + created.id, who: "ivan"})
	if event := next(t, one); !strings.Contains(event.data, `"sequence":2`) {
		t.Errorf("after the first: %+v", event)
	}
}

func TestManyEventsComeInPages(t *testing.T) {
	s := serve(t)
	start := s.create("first")
	var opened []string
	events, _ := s.stream(ask{method: "GET", path: "/v1/events?request=" + start.ID, who: "alice"})
	first := next(t, events)
	for i := range 250 {
		opened = append(opened, s.create(strings.Repeat("x", i+1)).ID)
	}
	all, _ := s.stream(ask{method: "GET", path: "/v1/events?after=" + first.id, who: "alice"})
	for i, id := range opened {
		if event := next(t, all); !strings.Contains(event.data, id) {
			t.Fatalf("event %d is %+v, want request %s", i, event, id)
		}
	}
}

func TestStreamsBeginWithAProblemWhenTheyCannot(t *testing.T) {
	s := serve(t)
	missing := "/v1/requests/01990000-0000-7000-8000-000000000000/watch"
	s.want(404, ask{method: "GET", path: missing, who: "alice"}).problem(t)
	s.want(404, ask{method: "GET", path: "/v1/events?request=01990000-0000-7000-8000-000000000000", who: "alice"}).problem(t)
}

func TestStreamStaysAliveAndEndsWithItsToken(t *testing.T) {
	s := serveWith(t, httpapi.Options{Heartbeat: 10 * time.Millisecond})
	events, _ := s.stream(ask{method: "GET", path: "/v1/events", who: "alice"})
	if beat := next(t, events); beat.comment != "alive" {
		t.Errorf("%+v, want a sign of life", beat)
	}
	s.core.RevokeAll()
	var last sse
	eventually.True(t, 5*time.Second, "the stream to say why it ends", func() bool {
		last = next(t, events)
		return last.kind == "problem"
	})
	if !strings.Contains(last.data, `"unauthenticated"`) {
		t.Errorf("last event %+v", last)
	}
	ended(t, events)
}

// TestStreamOutlivesTheServersTimeouts gives a stream many times what the server allows a normal call.
func TestStreamOutlivesTheServersTimeouts(t *testing.T) {
	core := httpapitest.New()
	handler, err := httpapi.New(httpapi.Options{
		Service: core, Logger: slog.New(slog.DiscardHandler), Heartbeat: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	slow := httptest.NewUnstartedServer(handler)
	slow.Config.ReadTimeout, slow.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	slow.Start()
	defer slow.Close()
	s := &server{t: t, url: slow.URL, http: slow.Client()}
	events, leave := s.stream(ask{method: "GET", path: "/v1/events", who: "alice"})
	for range 25 {
		next(t, events)
	}
	leave()
}

func TestHeadOfAStreamEnds(t *testing.T) {
	s := serve(t)
	s.want(200, ask{method: "HEAD", path: "/v1/events", who: "alice"})
}

func TestStreamEndsWhenTheServerStops(t *testing.T) {
	s := serve(t)
	request := s.create("x")
	events, _ := s.stream(ask{method: "GET", path: "/v1/requests/" + request.ID + "/watch", who: "alice"})
	next(t, events)
	s.stop()
	ended(t, events)
}

func TestStreamsAreLimitedPerPerson(t *testing.T) {
	s := serve(t)
	for range 100 {
		s.stream(ask{method: "GET", path: "/v1/events", who: "alice"})
	}
	p := s.want(429, ask{method: "GET", path: "/v1/events", who: "alice"}).problem(t)
	if p.Code != v1.CodeRateLimited {
		t.Errorf("%+v", p)
	}
	s.stream(ask{method: "GET", path: "/v1/events", who: "bob"})
}
