package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/accede/accede/internal/obs"
	"github.com/accede/accede/internal/obs/obstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNewLoggerFormats(t *testing.T) {
	for format, want := range map[string]string{"": `"msg":"hello"`, "json": `"msg":"hello"`, "text": "msg=hello"} {
		var out bytes.Buffer
		logger, err := obs.NewLogger(&out, obs.LogOptions{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		logger.Debug("not shown")
		logger.Info("hello")
		if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "not shown") {
			t.Errorf("format %q: %s", format, out.String())
		}
		if !strings.Contains(out.String(), "Z") {
			t.Errorf("format %q: time is not UTC: %s", format, out.String())
		}
	}
}

func TestNewLoggerRefusesUnknownOptions(t *testing.T) {
	for _, options := range []obs.LogOptions{{Level: "loud"}, {Format: "xml"}} {
		if _, err := obs.NewLogger(&bytes.Buffer{}, options); err == nil || !strings.Contains(err.Error(), "none of") {
			t.Errorf("%+v: error %v", options, err)
		}
	}
}

func TestRepeatedRetriesAreQuiet(t *testing.T) {
	var out bytes.Buffer
	logger, err := obs.NewLogger(&out, obs.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	down := errors.New("connection refused")
	for attempt := range 5 {
		logger.With("plugin", "slack").Warn("posting", "attempt", attempt, "err", down, "wait", attempt*2)
		logger.WithGroup("g").With("attempt", attempt).Warn("posting", "err", down)
		logger.Warn("no retry", "err", down)
	}
	logger.With("plugin", "slack").Warn("posting", "attempt", 6, "err", errors.New("403"))
	logger.With("plugin", "jira").Warn("posting", "attempt", 6, "err", down)
	if got, want := strings.Count(out.String(), "\n"), 1+1+5+1+1; got != want {
		t.Errorf("%d lines, want %d:\n%s", got, want, out.String())
	}
}

func TestRepeatedRetriesShowAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(obs.Quieten(slog.NewTextHandler(&out, nil)))
		for i := range 1300 {
			logger.Warn("posting", "attempt", 1, "n", i)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 11*60e9)
		defer cancel()
		<-ctx.Done()
		logger.Warn("posting", "attempt", 2, "n", 1299)
		if got := strings.Count(out.String(), "\n"); got != 1301 {
			t.Errorf("%d lines, want 1301", got)
		}
	})
}

func TestMetricsShowTheBuild(t *testing.T) {
	logger, _ := obstest.Logger(t)
	answer := httptest.NewRecorder()
	handler := obs.MetricsHandler(obs.NewRegistry("v1.2.3"), logger)
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{`accede_build_info{version="v1.2.3"} 1`, "go_goroutines "} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("no %s in:\n%s", want, answer.Body)
		}
	}
}

func get(t *testing.T, health *obs.Health, path string) (int, map[string]any) {
	t.Helper()
	mux := http.NewServeMux()
	health.Register(mux)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	var body map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v in %q", path, err, answer.Body)
	}
	return answer.Code, body
}

func TestHealth(t *testing.T) {
	var health obs.Health
	if code, body := get(t, &health, "/readyz"); code != http.StatusOK || body["status"] != "ready" {
		t.Errorf("no checks: %d %v", code, body)
	}
	health.Add("store", func(context.Context) error { return nil })
	health.Add("broker", func(context.Context) error { return errors.New("not connected; start the broker") })
	code, body := get(t, &health, "/readyz")
	want := map[string]any{
		"status": "not_ready", "checks": map[string]any{"store": "ok", "broker": "not connected; start the broker"},
	}
	if diff := cmp.Diff(want, body); diff != "" || code != http.StatusServiceUnavailable {
		t.Errorf("%d, -want +got:\n%s", code, diff)
	}
	if code, body := get(t, &health, "/livez"); code != http.StatusOK || body["status"] != "live" {
		t.Errorf("livez: %d %v", code, body)
	}
}

func TestHealthDoesNotWaitForAHungCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var health obs.Health
		release := make(chan struct{})
		health.Add("hung", func(context.Context) error { <-release; return nil })
		results, ok := health.Run(t.Context())
		close(release)
		if ok || results["hung"] != "gave no answer in time" {
			t.Errorf("%v %v", ok, results)
		}
	})
}
