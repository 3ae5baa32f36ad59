package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/internal/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output collects what a running program writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

// String is everything so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func env(out *output, args ...string) process.Env {
	return process.Env{Args: args, Stdout: out, Stderr: out, Getenv: func(string) string { return "" }}
}

var announced = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// launch runs the sandbox until ctx ends and returns its address and, later, its exit code.
func launch(ctx context.Context, t *testing.T, args ...string) (address string, code <-chan int) {
	t.Helper()
	var out output
	exited := make(chan int, 1)
	go func() { exited <- run(ctx, env(&out, append([]string{"--listen", "127.0.0.1:0"}, args...)...)) }()
	eventually.True(t, 10*time.Second, "the address", func() bool { return announced.MatchString(out.String()) })
	return announced.FindString(out.String()), exited
}

// start runs the sandbox until the test ends and returns its address.
func start(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	address, code := launch(ctx, t, args...)
	t.Cleanup(func() {
		stop()
		if got := <-code; got != exitOK {
			t.Errorf("exit code %d", got)
		}
	})
	return address
}

func fetch(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestSandbox(t *testing.T) {
	address := start(t, "--seed", "3")
	for path, want := range map[string]string{
		"/":             `src="slack/?as=ivan&amp;bare=1"`,
		"/healthz":      "ok",
		"/?as=alice":    `src="slack/?as=alice&amp;bare=1"`,
		"/slack/":       "access-requests",
		"/slack":        "access-requests",
		"/slack/api/x":  "unknown_method",
		"/nothing-here": "not found",
	} {
		body, err := fetch(t.Context(), address+path)
		if err != nil || !strings.Contains(body, want) {
			t.Errorf("%s lacks %q: %v\n%s", path, want, err, body)
		}
	}
	var out output
	if code := run(t.Context(), env(&out, "healthcheck", "--url", address+"/healthz")); code != exitOK {
		t.Errorf("healthcheck: %d %s", code, out.String())
	}
	if code := run(t.Context(), env(&out, "healthcheck", "--url", address+"/nothing-here")); code != exitFailure {
		t.Errorf("healthcheck of nothing: %d", code)
	}
}

// TestOpenSocketsDoNotHoldTheStopUp stops the sandbox while an app is connected and a page follows along.
func TestOpenSocketsDoNotHoldTheStopUp(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address, code := launch(ctx, t)
	conn := connect(t, address)
	defer func() { _ = conn.Close() }()
	asked, followed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(followed)
		trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(asked) }}
		// It may be answered or cut; either way it must end.
		_, _ = fetch(httptrace.WithClientTrace(t.Context(), trace), address+"/slack/sandbox/wait?version=99")
	}()
	<-asked
	started := time.Now()
	stop()
	if got := <-code; got != exitOK || time.Since(started) > 5*time.Second {
		t.Errorf("exit code %d after %s", got, time.Since(started))
	}
	if _, _, err := conn.ReadMessage(); err == nil {
		if _, _, err = conn.ReadMessage(); err == nil {
			t.Error("the socket outlived the sandbox")
		}
	}
	<-followed
}

// connect opens a Socket Mode connection and waits until the sandbox counts it.
func connect(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/slack/api/apps.connections.open", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer xapp-demo-app-token")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), answer.URL, nil) //nolint:bodyclose // a socket has no body
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestBadArguments(t *testing.T) {
	for want, args := range map[string][]string{
		`"begin" is no command`:                    {"begin"},
		"--slack-callback-url must be a full http": {"--slack-callback-url", "127.0.0.1:4191"},
		"--base-url must be a full http":           {"--base-url", "sandbox"},
		"flag provided but not defined":            {"--port", "1"},
		"invalid value":                            {"--seed", "x"},
	} {
		var out output
		if code := run(t.Context(), env(&out, args...)); code != exitUsage || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %d %s", args, code, out.String())
		}
	}
	var out output
	if code := run(t.Context(), env(&out, "--help")); code != exitOK || !strings.Contains(out.String(), "slack-callback-url") {
		t.Errorf("help: %d %s", code, out.String())
	}
	if code := run(t.Context(), env(&out, "version")); code != exitOK {
		t.Errorf("version: %d", code)
	}
}

func TestAddressInUse(t *testing.T) {
	address := start(t)
	var out output
	code := run(t.Context(), env(&out, "--listen", strings.TrimPrefix(address, "http://")))
	if code != exitFailure || !strings.Contains(out.String(), "listening on") {
		t.Errorf("%d %s", code, out.String())
	}
}
