package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
	"github.com/accede/accede/internal/eventually"
)

const patience = 10 * time.Second

// paperBroker keeps what is published, and forgets or refuses it when told to.
type paperBroker struct {
	mu        sync.Mutex
	created   time.Time
	sequence  uint64
	stored    map[string]bool
	events    []v1.Event
	refusals  int
	published int
	missing   bool
	ensured   int
}

var errAway = errors.New("the broker is away")

func (p *paperBroker) Publish(_ context.Context, messages ...broker.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published++
	for i, message := range messages {
		if p.refusals > 0 && i > len(messages)/2 {
			p.refusals--
			return errAway // half of it is stored all the same
		}
		if p.stored[message.ID] {
			continue
		}
		event, err := v1.ParseEvent(message.Data)
		if err != nil {
			return err
		}
		p.stored[message.ID] = true
		p.events = append(p.events, event)
		p.sequence++
	}
	if p.refusals > 0 {
		p.refusals--
		return errAway
	}
	return nil
}

func (p *paperBroker) state(context.Context) (StreamState, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.missing {
		return StreamState{}, broker.ErrUnavailable
	}
	return StreamState{Created: p.created, LastSequence: p.sequence}, nil
}

func (p *paperBroker) ensure(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ensured++
	p.missing = false
	return nil
}

// wipe loses everything.
func (p *paperBroker) wipe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.created, p.sequence, p.stored, p.events, p.missing = p.created.Add(time.Hour), 0, map[string]bool{}, nil, true
}

func (p *paperBroker) types() (types []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, event := range p.events {
		types = append(types, event.Type)
	}
	return types
}

func (c *company) relay() (*Relay, *paperBroker) {
	paper := &paperBroker{created: opening.Add(123), stored: map[string]bool{}}
	relay := NewRelay()
	relay.Store, relay.Publisher, relay.Stream, relay.Ensure = c.Store, paper, paper.state, paper.ensure
	relay.Resync = &Resync{Store: c.Store, Now: c.clock.Now}
	relay.Now, relay.Logger = c.clock.Now, slog.New(slog.DiscardHandler)
	return relay, paper
}

// while runs a worker until work is done.
func while(t *testing.T, run func(context.Context) error, work func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	work()
}

func (c *company) outbox() (left []core.OutboxEntry) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(reader core.Reader) (err error) {
		left, err = reader.Outbox(0)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return left
}

func (c *company) relayState() (state core.RelayState) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(reader core.Reader) (err error) {
		state, err = reader.Relay()
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return state
}

func TestRelayPublishesInOrder(t *testing.T) {
	c := open(t)
	relay, paper := c.relay()
	var want []string
	for range 3 {
		request := c.ask(newUUID(t))
		want = append(want, request.ID)
	}
	while(t, relay.Run, func() {
		eventually.True(t, patience, "three events", func() bool { return len(paper.types()) == 3 })
		want = append(want, c.ask("one more").ID)
		relay.Wake()
		eventually.True(t, patience, "the fourth event", func() bool { return len(paper.types()) == 4 })
		eventually.True(t, patience, "an empty outbox", func() bool { return len(c.outbox()) == 0 })
	})
	var got []string
	for _, event := range paper.events {
		request, err := event.Request()
		if err != nil || request.Version != event.Sequence {
			t.Errorf("event %+v: %v", event, err)
		}
		got = append(got, request.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order differs (-want +got):\n%s", diff)
	}
}

func TestRelayTriesUntilItWorks(t *testing.T) {
	c := open(t)
	relay, paper := c.relay()
	paper.refusals = 2
	for range 4 {
		c.ask(newUUID(t))
	}
	while(t, relay.Run, func() {
		eventually.True(t, patience, "an attempt", func() bool { return paperRefusals(paper) < 2 })
		relay.Reconnected()
		eventually.True(t, patience, "an empty outbox", func() bool { return len(c.outbox()) == 0 })
	})
	if got := len(paper.types()); got != 4 {
		t.Errorf("%d events were stored, want 4", got)
	}
}

func paperRefusals(p *paperBroker) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusals
}

// TestRelayHealsAWipedBroker loses everything twice: once while the relay runs, and once while it is down.
func TestRelayHealsAWipedBroker(t *testing.T) {
	c, ledger := registered(t)
	relay, paper := c.relay()
	open := c.ask("still open")
	settled := c.ask("shown and over")
	if _, err := c.Withdraw(t.Context(), c.as("alice"), settled.ID, v1.WithdrawInput{}); err != nil {
		t.Fatal(err)
	}
	showCard(t, ledger, settled.ID, 2)
	resync := &Resync{Store: c.Store, Now: c.clock.Now}
	c.clock.Advance(time.Hour)
	syncAll(t, resync, v1.SyncRequest{})
	while(t, relay.Run, func() {
		eventually.True(t, patience, "the events", func() bool { return len(paper.types()) == 3 })
		eventually.True(t, patience, "the stream to be known", func() bool { return c.relayState().LastSequence == 3 })
		paper.wipe()
		relay.Reconnected()
		eventually.True(t, patience, "the resync", func() bool { return len(paper.types()) == 1 })
		eventually.True(t, patience, "the stream to be known", func() bool { return c.relayState().LastSequence == 1 })
	})
	checkResync(t, paper, open.ID, 1)
	paper.wipe()
	while(t, relay.Run, func() {
		eventually.True(t, patience, "the resync", func() bool { return len(paper.types()) == 1 })
	})
	checkResync(t, paper, open.ID, 2)
	if got := len(c.audited("broker.lost")); got != 2 {
		t.Errorf("%d losses were audited, want 2", got)
	}
}

func checkResync(t *testing.T, paper *paperBroker, id string, epoch int64) {
	t.Helper()
	event := paper.events[0]
	if event.Type != v1.EventResync || event.Subject != id || event.Epoch != epoch {
		t.Errorf("event %s about %s in epoch %d", event.Type, event.Subject, event.Epoch)
	}
}

func showCard(t *testing.T, ledger *Ledger, requestID string, version int64) {
	t.Helper()
	key := v1.DeliveryKey{Destination: "C1", RequestID: requestID, Slot: v1.SlotCard}
	claim := claimFor(version)
	claim.DeliveryKey = key
	reply := mustClaim(t, ledger, claim)
	record := v1.Record{DeliveryKey: key, Attempt: reply.Attempt, Ref: "r", Version: version}
	if _, err := ledger.Record(t.Context(), "slack", record); err != nil {
		t.Fatal(err)
	}
}

func TestLostStreams(t *testing.T) {
	known := core.RelayState{StreamCreated: at(0), LastSequence: 5}
	for name, test := range map[string]struct {
		known  core.RelayState
		stream StreamState
		want   bool
	}{
		"never seen":   {core.RelayState{}, StreamState{at(0), 0}, false},
		"the same":     {known, StreamState{at(0), 5}, false},
		"longer":       {known, StreamState{at(0), 9}, false},
		"rolled back":  {known, StreamState{at(0), 4}, true},
		"another":      {known, StreamState{at(1), 5}, true},
		"another long": {known, StreamState{at(1), 50}, true},
	} {
		if got := lost(test.known, test.stream); got != test.want {
			t.Errorf("%s: lost is %v", name, got)
		}
	}
}

// syncAll follows a sync to its end.
func syncAll(t *testing.T, resync *Resync, question v1.SyncRequest) (requests []string, answers []v1.Answer) {
	t.Helper()
	for range 50 {
		reply, err := resync.Sync(t.Context(), "slack", question)
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range reply.Requests {
			requests = append(requests, request.ID)
		}
		answers = append(answers, reply.Answers...)
		if reply.Next == "" {
			return requests, answers
		}
		question.Cursor = reply.Next
	}
	t.Fatal("the sync does not end")
	return nil, nil
}
