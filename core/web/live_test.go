package web_test

import (
	"bufio"
	"net/http"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/web"
)

// follow opens the stream of a request and returns its lines; they end with the stream.
func (b *browser) follow(path string) <-chan string {
	b.h.t.Helper()
	request, err := http.NewRequestWithContext(b.h.t.Context(), http.MethodGet, b.h.server.URL+path, http.NoBody)
	if err != nil {
		b.h.t.Fatal(err)
	}
	response, err := b.http.Do(request) //nolint:bodyclose // the reading goroutine closes it
	if err != nil {
		b.h.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream" {
		b.h.t.Fatalf("%d %s", response.StatusCode, kind)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		defer response.Body.Close()
		scanner := bufio.NewScanner(response.Body)
		for scanner.Scan() {
			if line := scanner.Text(); line != "" {
				lines <- line
			}
		}
	}()
	return lines
}

func expect(t *testing.T, lines <-chan string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		select {
		case got, open := <-lines:
			if got != want {
				t.Fatalf("the stream says %q (open %v), want %q", got, open, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the stream is silent, want %q", want)
		}
	}
}

func TestFollowing(t *testing.T) {
	h := open(t)
	request := h.ask("why")
	path := "/requests/" + request.ID
	alice, ivan := h.signedIn("alice"), h.signedIn("ivan")
	fresh := alice.follow(path + "/live?seen=1")
	behind := alice.follow(path + "/live")
	expect(t, fresh, "retry: 3000")
	expect(t, behind, "retry: 3000", "event: changed", "data: 1")
	ivan.post(path+"/reviews", ivan.get(path).decision(v1.Approve)).leads(path)
	expect(t, fresh, "event: changed", "data: 2")
	expect(t, behind, "event: changed", "data: 2")
	h.server.CloseClientConnections()
}

func TestStreamsEndWithTheSession(t *testing.T) {
	h := openWith(t, web.Options{Heartbeat: 10 * time.Millisecond})
	request := h.ask("why")
	alice := h.signedIn("alice")
	lines := alice.follow("/requests/" + request.ID + "/live?seen=1")
	expect(t, lines, "retry: 3000", ": alive")
	alice.post("/sign-out", nil)
	for line := range lines {
		if line == "event: over" {
			expect(t, lines, "data: -", "")
			return
		}
	}
	t.Error("the stream ended without saying so")
}

func TestStreamsAreForThoseWhoMaySee(t *testing.T) {
	h := open(t)
	request := h.ask("why")
	for _, b := range []*browser{h.browser(), h.signedIn("carol")} {
		b.get("/requests/" + request.ID + "/live").want(http.StatusNotFound)
	}
}
