package service

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/nats-io/nkeys"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/core"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/eventually"
)

// heard is what a plugin's replica receives.
type heard struct {
	mu      sync.Mutex
	events  []v1.Event
	results []v1.DecisionResult
}

func (h *heard) event(_ context.Context, message broker.Message) broker.Outcome {
	event, err := v1.ParseEvent(message.Data)
	if err != nil {
		return broker.Done()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, event)
	return broker.Done()
}

func (h *heard) result(_ string, data []byte) {
	var result v1.DecisionResult
	if json.Unmarshal(data, &result) == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.results = append(h.results, result)
	}
}

func (h *heard) count() (events, results int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.events), len(h.results)
}

// TestThroughTheBroker lets a plugin hear of a request, claim its card and click, and then wipes the broker.
func TestThroughTheBroker(t *testing.T) {
	p := openPost(t)
	b := brokertest.Start(t, "slack")
	p.credential = b.Credential(t, "slack")
	p.takeKey(p.credential)
	plugin := b.Plugin(t, "slack")
	relay, _ := p.relay()
	relay.Publisher = b.Core
	relay.Stream = func(ctx context.Context) (StreamState, error) {
		state, err := b.Core.StreamState(ctx, broker.EventStream)
		return StreamState{Created: state.Created, LastSequence: state.LastSeq}, err
	}
	relay.Ensure = func(ctx context.Context) error {
		consumers := []broker.Consumer{broker.ActionConsumer(), broker.PluginConsumer("slack")}
		return b.Core.Ensure(ctx, broker.Streams(), consumers)
	}
	p.Wake = relay.Wake
	p.inbox.Subscriber, p.inbox.Send, p.inbox.Now, p.inbox.Counted = b.Core, b.Core.Send, p.clock.Now, nil
	calls := p.calls()
	calls.Server = b.Core
	var ears heard
	consumer := broker.PluginConsumer("slack")
	workers := []func(context.Context) error{
		relay.Run, p.inbox.Run, calls.Run,
		func(ctx context.Context) error {
			return plugin.Consume(ctx, consumer.Stream, consumer.Name, 4, ears.event)
		},
		func(ctx context.Context) error { return plugin.Listen(ctx, broker.ResultPattern("slack"), ears.result) },
	}
	whileAll(t, workers, func() {
		request := p.ask("why")
		eventually.True(t, patience, "the event", func() bool { events, _ := ears.count(); return events == 1 })
		claim := claimFor(1)
		claim.RequestID = request.ID
		body, err := json.Marshal(claim)
		if err != nil {
			t.Fatal(err)
		}
		data, err := plugin.Call(t.Context(), broker.CallSubject("slack", broker.MethodClaim), body)
		if err != nil {
			t.Fatal(err)
		}
		var reply v1.ClaimReply
		if err := v1.ParseCallReply(data, &reply); err != nil || reply.Mode != v1.ClaimPost {
			t.Fatalf("claim: %+v, %v", reply, err)
		}
		p.clickThrough(plugin, request)
		eventually.True(t, patience, "the result", func() bool { _, results := ears.count(); return results == 1 })
		if !ears.results[0].Counted() {
			t.Errorf("result %+v", ears.results[0])
		}
		eventually.True(t, patience, "the second event", func() bool { events, _ := ears.count(); return events >= 2 })
		eventually.True(t, patience, "the stream to be known", func() bool { return p.relayState().LastSequence >= 2 })
		before, _ := ears.count()
		b.Wipe(t)
		relay.Reconnected()
		eventually.True(t, brokertest.Patience, "the resync", func() bool { events, _ := ears.count(); return events > before })
	})
	last := ears.events[len(ears.events)-1]
	if last.Type != v1.EventResync || last.Epoch != 1 || last.Sequence != 2 {
		t.Errorf("after the wipe: %s of version %d in epoch %d", last.Type, last.Sequence, last.Epoch)
	}
}

// takeKey lets the core know the plugin by the key of a credential.
func (p *post) takeKey(credential broker.Credential) {
	p.t.Helper()
	pair, err := nkeys.FromSeed([]byte(credential.Seed))
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		p.t.Fatal(err)
	}
	err = p.Store.Update(p.t.Context(), func(tx core.Tx) error {
		return tx.SavePlugin(core.PluginRecord{Name: "slack", PublicKey: key, Created: opening})
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// clickThrough publishes a click. The company's clock stands still, so the click is made at the broker's time.
func (p *post) clickThrough(publisher broker.Publisher, request v1.Request) {
	p.t.Helper()
	decision := p.decision(request)
	decision.Made = clock.System{}.Now()
	message := p.message(decision)
	message.ID, message.Deliveries = decision.ID, 0
	if err := publisher.Publish(p.t.Context(), message); err != nil {
		p.t.Fatal(err)
	}
}

// whileAll runs workers until work is done.
func whileAll(t *testing.T, workers []func(context.Context) error, work func()) {
	t.Helper()
	if len(workers) == 0 {
		work()
		return
	}
	while(t, workers[0], func() { whileAll(t, workers[1:], work) })
}
