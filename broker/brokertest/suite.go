package brokertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/jetstream"
)

// Run checks everything that Accede relies on in a broker. NewBroker starts an empty one, as [Start] does.
func Run(t *testing.T, newBroker func(t *testing.T, plugins ...string) *Broker) {
	t.Helper()
	groups := []map[string]func(*testing.T, *Broker){publishing(), consuming(), surviving(), calling()}
	for _, group := range groups {
		for name, check := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(t, newBroker(t, "slack", "jira"))
			})
		}
	}
}

// event is an event about a request, with a message id.
func event(request, id string) broker.Message {
	return broker.Message{Subject: broker.EventSubject(request), ID: id, Data: []byte(id)}
}

func events(request string, count int) []broker.Message {
	list := make([]broker.Message, count)
	for i := range list {
		list[i] = event(request, fmt.Sprintf("%s-%05d", request, i))
	}
	return list
}

// bounded returns a context for one step of a test.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	t.Cleanup(cancel)
	return ctx
}

func publish(t *testing.T, conn broker.Publisher, messages ...broker.Message) {
	t.Helper()
	if err := conn.Publish(bounded(t), messages...); err != nil {
		t.Fatalf("publishing: %v", err)
	}
}

func storedEvents(t *testing.T, b *Broker) uint64 {
	t.Helper()
	state, err := b.Core.StreamState(bounded(t), broker.EventStream)
	if err != nil {
		t.Fatalf("asking for the state of the events: %v", err)
	}
	return state.LastSeq
}

// reader is a running call of Consume.
type reader struct {
	messages chan broker.Message
	stop     context.CancelFunc
	done     chan struct{}
	err      error
}

// pluginEvents reads a plugin's events with handle, which may be nil for acknowledging all.
func pluginEvents(t *testing.T, conn *jetstream.Conn, plugin string, workers int, handle broker.Handler) *reader {
	t.Helper()
	consumer := broker.PluginConsumer(plugin)
	return read(t, conn, consumer, workers, handle)
}

func read(t *testing.T, conn *jetstream.Conn, consumer broker.Consumer, workers int, handle broker.Handler) *reader {
	t.Helper()
	if handle == nil {
		handle = func(context.Context, broker.Message) broker.Outcome { return broker.Done() }
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &reader{messages: make(chan broker.Message, 10_000), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = conn.Consume(ctx, consumer.Stream, consumer.Name, workers,
			func(ctx context.Context, message broker.Message) broker.Outcome {
				r.messages <- message
				return handle(ctx, message)
			})
	}()
	t.Cleanup(func() {
		stop()
		<-r.done
	})
	return r
}

// next returns the next message handed out.
func (r *reader) next(t *testing.T) broker.Message {
	t.Helper()
	select {
	case message := <-r.messages:
		return message
	case <-r.done:
		t.Fatalf("consuming ended: %v", r.err)
	case <-time.After(Patience):
		t.Fatalf("waited %s for a message", Patience)
	}
	return broker.Message{}
}

// take returns the ids of the next count messages.
func (r *reader) take(t *testing.T, count int) []string {
	t.Helper()
	ids := make([]string, count)
	for i := range ids {
		ids[i] = r.next(t).ID
	}
	return ids
}

// quiet fails the test if a message is handed out within the time.
func (r *reader) quiet(t *testing.T, within time.Duration) {
	t.Helper()
	select {
	case message := <-r.messages:
		t.Fatalf("message %s was handed out, delivery %d", message.ID, message.Deliveries)
	case <-time.After(within):
	}
}

// end stops the reader and waits for it.
func (r *reader) end(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case <-r.done:
	case <-time.After(Patience):
		t.Fatalf("waited %s for Consume to return", Patience)
	}
	if r.err != nil {
		t.Fatalf("consuming: %v", r.err)
	}
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: got error %v, want one that is %q", what, got, want)
	}
}

// gauge counts what runs at the same time.
type gauge struct {
	mu      sync.Mutex
	running int
	highest int
}

func (g *gauge) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running++
	g.highest = max(g.highest, g.running)
}

func (g *gauge) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
}

func (g *gauge) peak() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.highest
}
