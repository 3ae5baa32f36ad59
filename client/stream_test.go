package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

func TestWatchUntilDecided(t *testing.T) {
	s := newWorld(t)
	ctx := t.Context()
	request, _, err := s.as(t, "alice").CreateRequest(ctx, v1.RequestInput{Roles: []string{"dba"}})
	if err != nil {
		t.Fatal(err)
	}
	reviewers := []*client.Client{s.as(t, "ivan"), s.as(t, "bob")}
	var states []v1.State
	for seen, err := range s.as(t, "alice").Watch(ctx, request.ID) {
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, seen.State)
		if seen.State.Resolved() {
			break
		}
		if _, err := reviewers[len(states)-1].Review(ctx, request.ID, v1.ReviewInput{Verdict: v1.Approve}); err != nil {
			t.Fatal(err)
		}
	}
	if len(states) != 3 || states[2] != v1.StateApproved {
		t.Errorf("saw %v", states)
	}
}

// TestEventsSurviveLostConnections cuts every connection after a few bytes more than the one before: all events arrive, in
// order, none twice.
func TestEventsSurviveLostConnections(t *testing.T) {
	s := newWorld(t)
	ctx := t.Context()
	alice := s.as(t, "alice")
	first, _, err := alice.CreateRequest(ctx, v1.RequestInput{Roles: []string{"dba"}, Reason: "first"})
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int64
	s.wrap = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			w = &cutting{ResponseWriter: w, left: int(connections.Add(1)) * 700}
		}
		next.ServeHTTP(w, r)
	}
	want := []string{first.ID}
	for i := range 12 {
		request, _, err := alice.CreateRequest(ctx, v1.RequestInput{Roles: []string{"dba"}, Reason: strings.Repeat("x", i+1)})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, request.ID)
	}
	var got []string
	for event, err := range alice.Events(ctx, "00000000-0000-7000-8000-000000000000", "") {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, event.Subject); len(got) == len(want) {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") || connections.Load() < 3 {
		t.Errorf("over %d connections got\n%v, want\n%v", connections.Load(), got, want)
	}
}

// cutting breaks the connection when so many bytes are written.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *cutting) Write(body []byte) (int, error) {
	if c.left -= len(body); c.left < 0 {
		_, _ = c.ResponseWriter.Write(body[:len(body)+max(c.left, -len(body))])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return c.ResponseWriter.Write(body)
}

func TestStreamErrorsEndIt(t *testing.T) {
	s := newWorld(t)
	for _, err := range s.as(t, "alice").Watch(t.Context(), "01990000-0000-7000-8000-000000000000") {
		if codeOf(err) != v1.CodeNotFound {
			t.Errorf("watching what is not there: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.as(t, "alice").Events(ctx, "", "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
	}
}

// TestSilentStreamIsReopened gives a stream that never says anything to a client that expects signs of life.
func TestSilentStreamIsReopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &silent{}
		c, err := client.New("http://accede.test", client.Options{Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var last error
		for _, err := range c.Events(ctx, "", "") {
			last = err
		}
		if transport.opened != 3 || !errors.Is(last, context.DeadlineExceeded) {
			t.Errorf("opened %d times in two minutes, want 3; %v", transport.opened, last)
		}
	})
}

// silent answers with streams that only end with the context.
type silent struct{ opened int }

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.opened++
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: hanging{r.Context()}, Request: r}, nil
}

type hanging struct{ ctx context.Context }

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func (hanging) Close() error { return nil }
