package httpx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/obs/obstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a server of the test; stop ends its context and returns what Serve returned.
type running struct {
	url  string
	stop func() error
	ctx  context.CancelFunc
}

func serve(t *testing.T, handler http.Handler) running {
	t.Helper()
	listener, err := httpx.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	logger, _ := obstest.Logger(t)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- httpx.Serve(ctx, listener, handler, logger) }()
	stop := func() error { cancel(); return <-served }
	return running{url: "http://" + listener.Addr().String(), stop: stop, ctx: cancel}
}

func do(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, string(answer)
}

func TestServeFinishesRequestsInFlight(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if r.Context().Err() != nil {
			t.Error("the request's context ended with the server's")
		}
		_, _ = io.WriteString(w, "done")
	}))
	answered := make(chan string, 1)
	go func() {
		_, body := do(t, http.MethodGet, server.url, "")
		answered <- body
	}()
	<-entered
	server.ctx()
	close(release)
	if err := server.stop(); err != nil {
		t.Error(err)
	}
	if body := <-answered; body != "done" {
		t.Errorf("answer %q, want the whole", body)
	}
}

func TestServeTellsStreamsToEnd(t *testing.T) {
	entered := make(chan struct{})
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-httpx.Stopping(r.Context())
		_, _ = io.WriteString(w, "bye")
	}))
	answered := make(chan string, 1)
	go func() {
		_, body := do(t, http.MethodGet, server.url, "")
		answered <- body
	}()
	<-entered
	if err := server.stop(); err != nil {
		t.Error(err)
	}
	if body := <-answered; body != "bye" {
		t.Errorf("answer %q", body)
	}
}

func TestServeLimitsBodies(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			t.Error("the body was not limited")
		}
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}))
	code, _ := do(t, http.MethodPost, server.url, strings.Repeat("x", httpx.MaxBody+1))
	if code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", code)
	}
	if err := server.stop(); err != nil {
		t.Error(err)
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	listener, err := httpx.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	logger, _ := obstest.Logger(t)
	if err := httpx.Serve(t.Context(), listener, http.NotFoundHandler(), logger); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestListenNamesTheAddress(t *testing.T) {
	listener, err := httpx.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	taken := listener.Addr().String()
	if _, err := httpx.Listen(t.Context(), taken); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("error %v", err)
	}
}

func TestProbe(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		default:
			http.Error(w, "broker: not connected", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	tests := []struct{ address, want string }{
		{server.URL + "/ok", ""},
		{server.URL + "/moved", "302"},
		{server.URL + "/bad", "not healthy: 503 Service Unavailable: broker: not connected"},
		{"http://127.0.0.1:1/", "asking for health"},
		{"http://example.com/", "on this machine"},
		{"https://127.0.0.1/", "on this machine"},
		{"nonsense", "on this machine"},
	}
	for _, tt := range tests {
		err := httpx.Probe(t.Context(), tt.address)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", tt.address, err, tt.want)
		}
	}
}
