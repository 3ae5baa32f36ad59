package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/accede/accede/broker"
)

// What needs a server is tested by the conformance suite in broker/brokertest, which broker/embedded runs.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReconnectDelayGrowsWithinBounds(t *testing.T) {
	t.Parallel()
	for attempts := range 100 {
		for range 20 {
			got := reconnectDelay(attempts)
			if got < minReconnectWait/2 || got > maxReconnectWait {
				t.Fatalf("attempt %d waits %s", attempts, got)
			}
			if attempts > 10 && got < maxReconnectWait/2 {
				t.Fatalf("attempt %d waits only %s", attempts, got)
			}
		}
	}
}

func TestDeniedSubject(t *testing.T) {
	t.Parallel()
	violation := func(text string) error { return fmt.Errorf("%w: %s", nats.ErrPermissionViolation, text) }
	tests := map[string]struct {
		err  error
		want string
	}{
		"publish":      {violation(`Permissions Violation for Publish to "accede.v1.rpc.jira.claim"`), "accede.v1.rpc.jira.claim"},
		"subscription": {violation(`Permissions Violation for Subscription to "accede.v1.>"`), "accede.v1.>"},
		"queue":        {violation(`Permissions Violation for Subscription to "a.*" using queue "core"`), "a.*"},
		"no subject":   {violation(`something else`), ""},
		"other error":  {errors.New(`Permissions Violation for Publish to "a"`), ""},
		"none":         {nil, ""},
	}
	for name, test := range tests {
		got, ok := deniedSubject(test.err)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, ok, test.want)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err               error
		unavailable, deny bool
	}{
		"timeout":             {nats.ErrTimeout, true, false},
		"no responders":       {nats.ErrNoResponders, true, false},
		"no stream":           {jetstream.ErrNoStreamResponse, true, false},
		"stream not found":    {jetstream.ErrStreamNotFound, true, false},
		"disconnected":        {nats.ErrReconnectBufExceeded, true, false},
		"context":             {context.DeadlineExceeded, true, false},
		"server error":        {&jetstream.APIError{Code: 503}, true, false},
		"too large":           {nats.ErrMaxPayload, false, false},
		"bad request":         {&jetstream.APIError{Code: 400}, false, false},
		"denied":              {fmt.Errorf("%w: a", broker.ErrDenied), false, true},
		"unavailable already": {fmt.Errorf("%w: a", broker.ErrUnavailable), true, false},
	}
	for name, test := range tests {
		got := translate(t.Context(), "publishing", test.err)
		if errors.Is(got, broker.ErrUnavailable) != test.unavailable || errors.Is(got, broker.ErrDenied) != test.deny {
			t.Errorf("%s: got %v", name, got)
		}
		if !errors.Is(got, test.err) || strings.Count(got.Error(), broker.ErrUnavailable.Error()) > 1 {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if err := translate(t.Context(), "publishing", nil); err != nil {
		t.Errorf("no error: got %v", err)
	}
}

func TestNakAfter(t *testing.T) {
	t.Parallel()
	for delay, want := range map[time.Duration]string{
		-time.Second: "-NAK", 0: "-NAK", 1500 * time.Millisecond: `-NAK {"delay": 1500000000}`,
	} {
		if got := nakAfter(delay); got != want {
			t.Errorf("%s: got %q, want %q", delay, got, want)
		}
	}
}

func TestConnectSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	whole, _, err := broker.NewCredential("slack", "nats://127.0.0.1:4222")
	if err != nil {
		t.Fatal(err)
	}
	damaged := whole
	damaged.Seed = whole.Seed[:30]
	_, err = Connect(t.Context(), Options{Credential: damaged})
	if err == nil || !strings.Contains(err.Error(), "damaged seed") || strings.Contains(err.Error(), string(damaged.Seed)) {
		t.Errorf("damaged seed: got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Connect(ctx, Options{Credential: whole}); !errors.Is(err, context.Canceled) {
		t.Errorf("dead context: got error %v", err)
	}
	nowhere := whole
	nowhere.Broker = "nats://127.0.0.1:1"
	conn, err := Connect(t.Context(), Options{Credential: nowhere})
	if err != nil {
		t.Fatalf("nobody there: got error %v", err)
	}
	defer conn.Close()
	ready := conn.Ready()
	if !errors.Is(ready, broker.ErrUnavailable) || !strings.Contains(ready.Error(), nowhere.Broker) {
		t.Errorf("nobody there: Ready says %v", ready)
	}
}
