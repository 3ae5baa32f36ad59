package slacksim_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func (w *world) faults(t *testing.T, settings string) {
	t.Helper()
	status, out := w.do(http.MethodPut, "/sandbox/faults", "", "", settings)
	if status != http.StatusOK {
		t.Fatalf("%v", out)
	}
}

func TestFaultsOfAPost(t *testing.T) {
	tests := []struct {
		name, settings string
		accepted       int
		check          func(error) bool
	}{
		{"fail before", `{"fail_before":true}`, 0, isStatus(500)},
		{"fail after", `{"fail_after":1}`, 1, isStatus(500)},
		{"drop after", `{"drop_after":1}`, 1, func(err error) bool { return err != nil && !isStatus(500)(err) }},
		{"half an answer", `{"truncate_json":1}`, 1, func(err error) bool { return err != nil }},
		{"rate limit", `{"rate_limit":1,"retry_after":7}`, 0, func(err error) bool {
			limited, ok := errors.AsType[*slack.RateLimitedError](err)
			return ok && limited.RetryAfter == 7*time.Second
		}},
		{"only elsewhere", `{"fail_before":1,"only":["chat.update"]}`, 1, func(err error) bool { return err == nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.faults(t, tt.settings)
			_, _, err := w.api.PostMessageContext(t.Context(), access, card(), key("k1"))
			if !tt.check(err) {
				t.Errorf("got %v", err)
			}
			if got := w.sim.Stats().Accepted; got != tt.accepted {
				t.Errorf("accepted %d, want %d", got, tt.accepted)
			}
		})
	}
}

func isStatus(code int) func(error) bool {
	return func(err error) bool {
		status, ok := errors.AsType[slack.StatusCodeError](err)
		return ok && status.Code == code
	}
}

// TestDroppedAnswersCountAsAccepted is what a chaos test relies on: whatever the client saw, the stand-in knows how
// many cards there are for a delivery key.
func TestDroppedAnswersCountAsAccepted(t *testing.T) {
	w := newWorld(t)
	w.faults(t, `{"drop_after":true,"next":1,"only":["chat.postMessage"]}`)
	if _, _, err := w.api.PostMessageContext(t.Context(), access, card(), key("k1")); err == nil {
		t.Fatal("the connection was not dropped")
	}
	w.postCard()
	got := w.sim.Stats()
	if got.Keys["k1"].Accepted != 2 || len(got.Duplicated) != 1 || got.Duplicated[0] != "k1" {
		t.Errorf("%+v", got)
	}
}

func TestDelaysHoldNobodyElseUp(t *testing.T) {
	w := newWorld(t)
	w.faults(t, `{"delay_ms":300}`)
	started := time.Now()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { w.postCard() })
	}
	wg.Wait()
	if took := time.Since(started); took < 300*time.Millisecond || took > 3*time.Second {
		t.Errorf("20 delayed posts took %s", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := w.api.AuthTestContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestFaultSettingsAreChecked(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"drop_after":2}`, `{"delay_ms":-1}`, `{"unknown":1}`, `nonsense`, `{"fail_before":"x"}`} {
		if status, _ := w.do(http.MethodPut, "/sandbox/faults", "", "", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, status)
		}
	}
	w.faults(t, `{"fail_before":0.5}`)
	_, out := w.do(http.MethodPatch, "/sandbox/faults", "", "", `{"delay_ms":5}`)
	if out["fail_before"] != 0.5 || out["delay_ms"] != 5.0 {
		t.Errorf("%v", out)
	}
}
