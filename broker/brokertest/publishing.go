package brokertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/broker"
)

func publishing() map[string]func(*testing.T, *Broker) {
	return map[string]func(*testing.T, *Broker){
		"a repeated message id is stored once":                  storesOnce,
		"a repeated message id is stored once after a restart":  storesOnceAfterRestart,
		"a repeated message id within a batch is stored once":   storesOnceInBatch,
		"many messages keep their order":                        keepsOrder,
		"a message keeps subject, id, data and time":            keepsContent,
		"publishing to a stopped broker is unavailable at once": refusesWhenStopped,
		"publishing without a stream is unavailable":            refusesWithoutStream,
		"publishing under a dead context is unavailable":        refusesDeadContext,
		"a message beyond the size limit is refused for good":   refusesOversize,
		"setting up again changes nothing":                      ensuresTwice,
	}
}

func storesOnce(t *testing.T, b *Broker) {
	publish(t, b.Core, event("r1", "one"))
	publish(t, b.Core, event("r1", "one"))
	publish(t, b.Core, event("r1", "two"))
	if got := storedEvents(t, b); got != 2 {
		t.Errorf("%d messages stored, want 2", got)
	}
}

func storesOnceAfterRestart(t *testing.T, b *Broker) {
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, nil)
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
	reader.end(t)
	b.Restart(t)
	publish(t, b.Core, event("r1", "one"))
	publish(t, b.Core, event("r1", "two"))
	if got := storedEvents(t, b); got != 2 {
		t.Errorf("%d messages stored, want 2", got)
	}
}

func storesOnceInBatch(t *testing.T, b *Broker) {
	list := events("r1", 10)
	publish(t, b.Core, list[:5]...)
	publish(t, b.Core, append(list, list...)...)
	if got := storedEvents(t, b); got != 10 {
		t.Errorf("%d messages stored, want 10", got)
	}
}

func keepsOrder(t *testing.T, b *Broker) {
	list := events("r1", 700)
	publish(t, b.Core, list...)
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, nil)
	// The consumer existed before, so it hands out all of them and not just the newest.
	want := make([]string, len(list))
	for i := range list {
		want[i] = list[i].ID
	}
	if diff := cmp.Diff(want, reader.take(t, len(list))); diff != "" {
		t.Errorf("order of messages (-want +got):\n%s", diff)
	}
}

func keepsContent(t *testing.T, b *Broker) {
	before := time.Now()
	publish(t, b.Core, event("r1", "one"))
	got := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, nil).next(t)
	if got.Published.Before(before.Add(-time.Second)) || got.Published.After(time.Now().Add(time.Second)) {
		t.Errorf("published at %s, want about %s", got.Published, before)
	}
	got.Published = time.Time{}
	want := event("r1", "one")
	want.Deliveries = 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func refusesWhenStopped(t *testing.T, b *Broker) {
	plugin := b.Plugin(t, "slack")
	b.Stop(t)
	begin := time.Now()
	wantError(t, "publishing", plugin.Publish(bounded(t), broker.Message{Subject: broker.ActionSubject("slack", "r1"), ID: "a"}),
		broker.ErrUnavailable)
	wantError(t, "publishing", b.Core.Publish(bounded(t), events("r1", 3)...), broker.ErrUnavailable)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s to say so", took)
	}
	b.Resume(t)
	publish(t, b.Core, event("r1", "one"))
}

func refusesWithoutStream(t *testing.T, b *Broker) {
	b.Wipe(t)
	wantError(t, "publishing", b.Core.Publish(bounded(t), event("r1", "one")), broker.ErrUnavailable)
	wantError(t, "publishing several", b.Core.Publish(bounded(t), events("r1", 3)...), broker.ErrUnavailable)
	b.Ensure(t)
	publish(t, b.Core, event("r1", "one"))
}

func refusesDeadContext(t *testing.T, b *Broker) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, "publishing", b.Core.Publish(ctx, event("r1", "one")), broker.ErrUnavailable)
	wantError(t, "publishing", b.Core.Publish(ctx, event("r1", "one")), context.Canceled)
}

func refusesOversize(t *testing.T, b *Broker) {
	huge := event("r1", "huge")
	huge.Data = []byte(strings.Repeat("x", 4<<20))
	err := b.Core.Publish(bounded(t), huge)
	if err == nil {
		t.Fatal("a message of 4 MiB was accepted")
	}
	if got := storedEvents(t, b); got != 0 {
		t.Errorf("%d messages stored, want none", got)
	}
}

func ensuresTwice(t *testing.T, b *Broker) {
	publish(t, b.Core, event("r1", "one"))
	before, err := b.Core.StreamState(bounded(t), broker.EventStream)
	if err != nil {
		t.Fatal(err)
	}
	b.Ensure(t)
	after, err := b.Core.StreamState(bounded(t), broker.EventStream)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("state of the stream (-before +after):\n%s", diff)
	}
}
