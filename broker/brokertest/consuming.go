package brokertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/eventually"
)

func consuming() map[string]func(*testing.T, *Broker) {
	return map[string]func(*testing.T, *Broker){
		"each plugin gets every event":                      reachesEveryPlugin,
		"replicas share the events":                         sharesEvents,
		"a retried message comes again after its delay":     comesAgain,
		"a retried message without delay comes at once":     comesAgainAtOnce,
		"no more handlers run than workers":                 boundsWorkers,
		"a free worker is not held up by a busy one":        worksSideBySide,
		"a message is acknowledged only after its handler":  acknowledgesLast,
		"stopping waits for begun handlers":                 stopsGracefully,
		"stopping releases what was not begun":              releasesUnbegun,
		"a long handler keeps its message":                  keepsMessageWhileWorking,
		"the message of a dead replica goes to another one": outlivesReplica,
		"a new consumer starts with the newest per subject": startsWithNewest,
	}
}

func reachesEveryPlugin(t *testing.T, b *Broker) {
	list := events("r1", 20)
	for _, plugin := range []string{"slack", "jira"} {
		defer pluginEvents(t, b.Plugin(t, plugin), plugin, 4, nil).take(t, len(list))
	}
	publish(t, b.Core, list...)
}

func sharesEvents(t *testing.T, b *Broker) {
	list := events("r1", 200)
	slow := func(ctx context.Context, _ broker.Message) broker.Outcome {
		wait(ctx, 2*time.Millisecond)
		return broker.Done()
	}
	first := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, slow)
	second := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, slow)
	publish(t, b.Core, list...)
	eventually.True(t, Patience, "all events to be handed out", func() bool {
		return len(first.messages)+len(second.messages) == len(list)
	})
	if len(first.messages) == 0 || len(second.messages) == 0 {
		t.Errorf("replicas got %d and %d of %d events", len(first.messages), len(second.messages), len(list))
	}
	got := append(first.take(t, len(first.messages)), second.take(t, len(second.messages))...)
	slices.Sort(got)
	if unique := len(slices.Compact(got)); unique != len(list) {
		t.Errorf("%d different events handed out, want %d", unique, len(list))
	}
}

// wait lets time pass in a handler as a vendor would.
func wait(ctx context.Context, duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func comesAgain(t *testing.T, b *Broker) {
	const delay = 300 * time.Millisecond
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, retryUntil(3, delay))
	publish(t, b.Core, event("r1", "one"))
	begin := time.Now()
	for delivery := 1; delivery <= 3; delivery++ {
		got := reader.next(t)
		if got.ID != "one" || got.Deliveries != delivery {
			t.Errorf("got %s with delivery %d, want one with %d", got.ID, got.Deliveries, delivery)
		}
		if passed, least := time.Since(begin), time.Duration(delivery-1)*delay; passed < least-20*time.Millisecond {
			t.Errorf("delivery %d after %s, want at least %s", delivery, passed, least)
		}
	}
	reader.quiet(t, 2*delay)
}

func comesAgainAtOnce(t *testing.T, b *Broker) {
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, retryUntil(2, 0))
	publish(t, b.Core, event("r1", "one"))
	if diff := cmp.Diff([]string{"one", "one"}, reader.take(t, 2)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func retryUntil(delivery int, delay time.Duration) broker.Handler {
	return func(_ context.Context, message broker.Message) broker.Outcome {
		if message.Deliveries < delivery {
			return broker.RetryAfter(delay)
		}
		return broker.Done()
	}
}

func boundsWorkers(t *testing.T, b *Broker) {
	const workers, count = 3, 60
	var running gauge
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", workers, func(ctx context.Context, _ broker.Message) broker.Outcome {
		running.enter()
		defer running.leave()
		wait(ctx, 5*time.Millisecond)
		return broker.Done()
	})
	publish(t, b.Core, events("r1", count)...)
	reader.take(t, count)
	if got := running.peak(); got != workers {
		t.Errorf("%d handlers ran at once, want %d", got, workers)
	}
}

func worksSideBySide(t *testing.T, b *Broker) {
	release := make(chan struct{})
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, func(_ context.Context, message broker.Message) broker.Outcome {
		if message.ID == "busy" {
			<-release
		}
		return broker.Done()
	})
	defer close(release)
	publish(t, b.Core, event("r1", "busy"))
	publish(t, b.Core, events("r2", 50)...)
	reader.take(t, 51)
}

func acknowledgesLast(t *testing.T, b *Broker) {
	release := make(chan struct{})
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, func(context.Context, broker.Message) broker.Outcome {
		<-release
		return broker.Done()
	})
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
	if got := unacknowledged(t, b); got != 1 {
		t.Errorf("%d messages unacknowledged while the handler runs, want 1", got)
	}
	close(release)
	eventually.True(t, Patience, "the message to be acknowledged", func() bool { return unacknowledged(t, b) == 0 })
}

// unacknowledged counts the events that slack has taken and not yet acknowledged.
func unacknowledged(t *testing.T, b *Broker) int {
	t.Helper()
	consumer := broker.PluginConsumer("slack")
	state, err := b.Core.ConsumerState(bounded(t), consumer.Stream, consumer.Name)
	if err != nil {
		t.Fatalf("asking for the state of %s: %v", consumer.Name, err)
	}
	return state.Unacknowledged
}

func stopsGracefully(t *testing.T, b *Broker) {
	release := make(chan struct{})
	told := make(chan struct{}, 1)
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, func(ctx context.Context, _ broker.Message) broker.Outcome {
		<-ctx.Done()
		told <- struct{}{}
		<-release
		return broker.Done()
	})
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
	reader.stop()
	<-told
	select {
	case <-reader.done:
		t.Fatal("Consume returned while a handler was running")
	default:
	}
	close(release)
	reader.end(t)
	if got := unacknowledged(t, b); got != 0 {
		t.Errorf("%d messages unacknowledged, want none: the handler was done", got)
	}
}

// releasesUnbegun stops readers amid traffic. Each message must reach the last reader well before the ack wait, which
// is a minute, is over.
func releasesUnbegun(t *testing.T, b *Broker) {
	const count = 400
	list := events("r1", count)
	handled := make(chan string, count*2)
	note := func(_ context.Context, message broker.Message) broker.Outcome {
		handled <- message.ID
		return broker.Done()
	}
	plugin := b.Plugin(t, "slack")
	published := make(chan error, 1)
	go func() { published <- b.Core.Publish(bounded(t), list...) }()
	for range 10 {
		reader := pluginEvents(t, plugin, "slack", 8, note)
		reader.next(t)
		reader.end(t)
	}
	if err := <-published; err != nil {
		t.Fatal(err)
	}
	pluginEvents(t, plugin, "slack", 8, note)
	eventually.True(t, Patience, "all messages to be handled", func() bool { return len(handled) >= count })
	eventually.True(t, Patience, "all messages to be acknowledged", func() bool { return unacknowledged(t, b) == 0 })
}

// impatient is the plugin's consumer with an ack wait that a test can wait for.
func impatient(t *testing.T, b *Broker) broker.Consumer {
	t.Helper()
	consumer := broker.PluginConsumer("slack")
	consumer.AckWait = time.Second
	if err := b.Core.Ensure(bounded(t), nil, []broker.Consumer{consumer}); err != nil {
		t.Fatalf("shortening the ack wait: %v", err)
	}
	return consumer
}

func keepsMessageWhileWorking(t *testing.T, b *Broker) {
	consumer := impatient(t, b)
	release := make(chan struct{})
	blocked := func(context.Context, broker.Message) broker.Outcome {
		<-release
		return broker.Done()
	}
	first := read(t, b.Plugin(t, "slack"), consumer, 2, blocked)
	defer close(release)
	publish(t, b.Core, event("r1", "one"))
	first.next(t)
	second := read(t, b.Plugin(t, "slack"), consumer, 2, nil)
	second.quiet(t, 3*consumer.AckWait)
	first.quiet(t, 0)
}

func outlivesReplica(t *testing.T, b *Broker) {
	consumer := impatient(t, b)
	release := make(chan struct{})
	defer close(release)
	victim := b.Plugin(t, "slack")
	first := read(t, victim, consumer, 1, func(context.Context, broker.Message) broker.Outcome {
		<-release
		return broker.Done()
	})
	publish(t, b.Core, event("r1", "one"))
	first.next(t)
	victim.Close()
	second := read(t, b.Plugin(t, "slack"), consumer, 1, nil)
	if got := second.next(t); got.ID != "one" || got.Deliveries != 2 {
		t.Errorf("got %s with delivery %d, want one with 2", got.ID, got.Deliveries)
	}
}

func startsWithNewest(t *testing.T, b *Broker) {
	publish(t, b.Core, event("r1", "r1-old"), event("r2", "r2-old"), event("r1", "r1-new"), event("r2", "r2-new"))
	b.AddPlugin(t, "teams")
	b.Ensure(t)
	reader := pluginEvents(t, b.Plugin(t, "teams"), "teams", 1, nil)
	if diff := cmp.Diff([]string{"r1-new", "r2-new"}, reader.take(t, 2)); diff != "" {
		t.Errorf("first messages (-want +got):\n%s", diff)
	}
	publish(t, b.Core, event("r1", "r1-newer"), event("r1", "r1-newest"))
	if diff := cmp.Diff([]string{"r1-newer", "r1-newest"}, reader.take(t, 2)); diff != "" {
		t.Errorf("later messages (-want +got):\n%s", diff)
	}
}
