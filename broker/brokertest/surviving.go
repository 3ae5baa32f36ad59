package brokertest

import (
	"context"
	"testing"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/internal/eventually"
)

func surviving() map[string]func(*testing.T, *Broker) {
	return map[string]func(*testing.T, *Broker){
		"reading goes on after a restart":                   survivesRestart,
		"a handler that runs during a restart is counted":   survivesRestartInHandler,
		"a consumer made later is found":                    findsLateConsumer,
		"reading goes on after everything was lost":         survivesWipe,
		"a deleted consumer that comes back is found":       survivesDeletion,
		"a wiped stream can be told from the old one":       tellsWipedStream,
		"coming back is notified once per loss":             notifiesReconnect,
		"readiness says what is wrong":                      saysReadiness,
		"a removed plugin is cut off and told so":           cutsOffRemoved,
		"a plugin with a new key replaces the one before":   replacesKey,
		"a plugin added again is connected to its consumer": addsAgain,
	}
}

func survivesRestart(t *testing.T, b *Broker) {
	overNetwork := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, nil)
	inProcess := read(t, b.Core, broker.ActionConsumer(), 2, nil)
	for _, id := range []string{"one", "two", "three"} {
		publish(t, b.Core, event("r1", id), broker.Message{Subject: broker.ActionSubject("slack", "r1"), ID: id})
		if got := overNetwork.next(t).ID; got != id {
			t.Errorf("plugin got %s, want %s", got, id)
		}
		if got := inProcess.next(t).ID; got != id {
			t.Errorf("core got %s, want %s", got, id)
		}
		eventually.True(t, Patience, "the event to be acknowledged", func() bool { return unacknowledged(t, b) == 0 })
		b.Restart(t)
	}
	overNetwork.quiet(t, 100*time.Millisecond)
}

func survivesRestartInHandler(t *testing.T, b *Broker) {
	release := make(chan struct{})
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, func(context.Context, broker.Message) broker.Outcome {
		<-release
		return broker.Done()
	})
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
	b.Restart(t)
	close(release)
	eventually.True(t, Patience, "the event to be acknowledged", func() bool { return unacknowledged(t, b) == 0 })
}

func findsLateConsumer(t *testing.T, b *Broker) {
	b.AddPlugin(t, "teams")
	reader := pluginEvents(t, b.Plugin(t, "teams"), "teams", 2, nil)
	reader.quiet(t, 100*time.Millisecond)
	b.Ensure(t)
	begin := time.Now()
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %s to find the consumer", took)
	}
}

func survivesWipe(t *testing.T, b *Broker) {
	overNetwork := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, nil)
	inProcess := read(t, b.Core, broker.ActionConsumer(), 2, nil)
	publish(t, b.Core, event("r1", "one"))
	overNetwork.next(t)
	b.Wipe(t)
	overNetwork.quiet(t, 100*time.Millisecond)
	b.Ensure(t)
	// The id is known to the lost stream only, so the new one stores it.
	publish(t, b.Core, event("r1", "one"), broker.Message{Subject: broker.ActionSubject("slack", "r1"), ID: "a"})
	overNetwork.next(t)
	inProcess.next(t)
}

func survivesDeletion(t *testing.T, b *Broker) {
	consumer := broker.PluginConsumer("slack")
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 2, nil)
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
	for range 2 {
		if err := b.Core.RemoveConsumer(bounded(t), consumer.Stream, consumer.Name); err != nil {
			t.Fatalf("removing the consumer: %v", err)
		}
	}
	b.Ensure(t)
	publish(t, b.Core, event("r2", "two"))
	// A consumer made anew starts with the newest message of each request.
	reader.take(t, 2)
}

func tellsWipedStream(t *testing.T, b *Broker) {
	publish(t, b.Core, events("r1", 3)...)
	before, err := b.Core.StreamState(bounded(t), broker.EventStream)
	if err != nil {
		t.Fatal(err)
	}
	b.Wipe(t)
	_, err = b.Core.StreamState(bounded(t), broker.EventStream)
	wantError(t, "asking for a lost stream", err, broker.ErrUnavailable)
	b.Ensure(t)
	after, err := b.Core.StreamState(bounded(t), broker.EventStream)
	if err != nil {
		t.Fatal(err)
	}
	if before.LastSeq != 3 || after.LastSeq != 0 || after.Created.Equal(before.Created) {
		t.Errorf("state was %+v and is %+v after a wipe", before, after)
	}
}

func notifiesReconnect(t *testing.T, b *Broker) {
	plugin := b.Plugin(t, "slack")
	select {
	case <-plugin.Reconnected():
		t.Fatal("notified before the connection was ever lost")
	default:
	}
	for range 2 {
		b.Restart(t)
		select {
		case <-plugin.Reconnected():
		case <-time.After(Patience):
			t.Fatalf("waited %s for the notification", Patience)
		}
	}
}

func saysReadiness(t *testing.T, b *Broker) {
	plugin := b.Plugin(t, "slack")
	if err := plugin.Ready(); err != nil {
		t.Fatalf("Ready with a running broker: %v", err)
	}
	b.Stop(t)
	eventually.True(t, Patience, "the plugin to notice", func() bool { return plugin.Ready() != nil })
	wantError(t, "Ready", plugin.Ready(), broker.ErrUnavailable)
	b.Resume(t)
	eventually.NoError(t, Patience, "the plugin to be connected again", plugin.Ready)
}

func cutsOffRemoved(t *testing.T, b *Broker) {
	plugin, other := b.Plugin(t, "slack"), b.Plugin(t, "jira")
	reader := pluginEvents(t, plugin, "slack", 2, nil)
	if err := b.Server.RemovePlugin("slack"); err != nil {
		t.Fatalf("removing the plugin: %v", err)
	}
	select {
	case <-reader.done:
	case <-time.After(Patience):
		t.Fatalf("waited %s for Consume to end", Patience)
	}
	wantError(t, "Consume", reader.err, broker.ErrDenied)
	wantError(t, "Ready", plugin.Ready(), broker.ErrDenied)
	select {
	case <-plugin.Closed():
	default:
		t.Error("the connection still hopes")
	}
	if err := other.Ready(); err != nil {
		t.Errorf("another plugin: %v", err)
	}
}

func replacesKey(t *testing.T, b *Broker) {
	before := b.Plugin(t, "slack")
	b.AddPlugin(t, "slack")
	eventually.True(t, Patience, "the old key to be refused", func() bool { return before.Ready() != nil })
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, nil)
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
}

func addsAgain(t *testing.T, b *Broker) {
	if err := b.Server.RemovePlugin("slack"); err != nil {
		t.Fatalf("removing the plugin: %v", err)
	}
	b.AddPlugin(t, "slack")
	reader := pluginEvents(t, b.Plugin(t, "slack"), "slack", 1, nil)
	publish(t, b.Core, event("r1", "one"))
	reader.next(t)
}
