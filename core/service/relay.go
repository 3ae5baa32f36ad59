package service

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

const (
	// relayBatch bounds the events published and marked at a time.
	relayBatch = 256
	// relayPoll is how often the relay looks without having been woken, and checks that the broker is what it was.
	relayPoll = time.Second
	// relayTimeout bounds one exchange with the broker.
	relayTimeout = 30 * time.Second

	firstRelayWait, lastRelayWait = 100 * time.Millisecond, 10 * time.Second
)

// StreamState is what the broker says of the event stream.
type StreamState struct {
	Created      time.Time
	LastSequence uint64
}

// Relay publishes the events of the outbox, in order, and notices when the broker has lost what it was given. One relay
// runs per store. Receivers may see an event twice, never miss one.
type Relay struct {
	Store     core.Store
	Publisher broker.Publisher
	// Stream asks for the state of the event stream.
	Stream func(context.Context) (StreamState, error)
	// Ensure makes the broker's streams and consumers if they are missing.
	Ensure func(context.Context) error
	Resync *Resync
	Now    func() time.Time
	Logger *slog.Logger

	woken, reconnected chan struct{}
	marks              *marks
}

// NewRelay returns a relay with its signals. The fields have to be set before Run.
func NewRelay() *Relay {
	return &Relay{woken: make(chan struct{}, 1), reconnected: make(chan struct{}, 1), marks: newMarks()}
}

// Wake tells the relay that the outbox has grown. It never blocks; several calls in a row are one.
func (r *Relay) Wake() { signal(r.woken) }

// Reconnected tells the relay that the connection to the broker is new, and what is behind it perhaps too.
func (r *Relay) Reconnected() { signal(r.reconnected) }

func signal(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default:
	}
}

// Run publishes until ctx ends. What is in the outbox then is published by the next start.
func (r *Relay) Run(ctx context.Context) error {
	wait, attempt, checked := firstRelayWait, 0, false
	poll := time.NewTicker(relayPoll)
	defer poll.Stop()
	for ctx.Err() == nil {
		more, err := r.round(ctx, checked)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			attempt++
			r.report(ctx, attempt, err)
			checked = false
			r.pause(ctx, wait)
			wait = min(2*wait, lastRelayWait)
			continue
		case attempt > 0:
			r.Logger.InfoContext(ctx, "publishing again", slog.Int("attempt", attempt))
		}
		wait, attempt = firstRelayWait, 0
		checked = r.idle(ctx, poll.C, more)
	}
	return r.mark(ctx)
}

// report warns of the first failure in a row and keeps quiet about its repeats.
func (r *Relay) report(ctx context.Context, attempt int, err error) {
	level := slog.LevelDebug
	if attempt == 1 {
		level = slog.LevelWarn
	}
	r.Logger.Log(ctx, level, "publishing events; trying until it works", slog.Int("attempt", attempt), slog.Any("err", err))
}

// pause waits after a failure, until the broker is back if that is sooner.
func (r *Relay) pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.reconnected:
	case <-ctx.Done():
	}
}

// idle waits for something to do, unless there is more at once. It returns false when the broker has to be checked first.
func (r *Relay) idle(ctx context.Context, poll <-chan time.Time, more bool) (checked bool) {
	select {
	case <-poll:
		return false
	case <-r.reconnected:
		return false
	default:
	}
	if more {
		return true
	}
	select {
	case <-r.woken:
		return true
	case <-r.marks.flush.C:
		if err := r.mark(ctx); err != nil {
			r.report(ctx, 1, err)
			r.marks.flush.Reset(markEvery)
		}
		return true
	case <-poll:
	case <-r.reconnected:
	case <-ctx.Done():
	}
	return false
}

// round checks the broker if need be and publishes one batch. It says whether there may be more.
func (r *Relay) round(ctx context.Context, checked bool) (more bool, err error) {
	if !checked {
		if err := r.check(ctx); err != nil {
			return false, fmt.Errorf("checking the event stream: %w", err)
		}
	}
	return r.publish(ctx)
}

// publish sends the oldest events of the outbox and notes them once the broker has confirmed that they are stored.
func (r *Relay) publish(ctx context.Context) (more bool, err error) {
	if len(r.marks.published) >= relayBatch {
		if err := r.mark(ctx); err != nil {
			return false, err
		}
	}
	var entries []core.OutboxEntry
	err = r.Store.View(ctx, func(reader core.Reader) (err error) {
		entries, err = reader.Outbox(relayBatch + len(r.marks.published))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("reading outbox: %w", err)
	}
	entries = r.marks.fresh(entries)
	if len(entries) == 0 {
		return false, nil
	}
	messages := make([]broker.Message, 0, len(entries))
	for _, entry := range entries {
		messages = append(messages, broker.Message{Subject: entry.Subject, ID: entry.ID, Data: entry.Body})
	}
	limited, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	if err := r.Publisher.Publish(limited, messages...); err != nil {
		return false, err
	}
	r.marks.add(entries)
	return len(entries) >= relayBatch, nil
}

// check compares the event stream with what the core remembers of it. If it is another one, or shorter, everything that
// matters is published again under a new epoch.
func (r *Relay) check(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	stream, err := r.Stream(limited)
	if err != nil {
		if ensureErr := r.Ensure(limited); ensureErr != nil {
			return ensureErr
		}
		if stream, err = r.Stream(limited); err != nil {
			return err
		}
	}
	stream.Created = stream.Created.UTC().Truncate(time.Microsecond)
	var known core.RelayState
	err = r.Store.View(ctx, func(reader core.Reader) (err error) {
		known, err = reader.Relay()
		return err
	})
	if err != nil {
		return err
	}
	if lost(known, stream) {
		return r.recover(ctx, known, stream)
	}
	if known.StreamCreated.Equal(stream.Created) && known.LastSequence == stream.LastSequence {
		return nil
	}
	return r.remember(ctx, stream)
}

// lost says whether the stream has forgotten events that it had confirmed.
func lost(known core.RelayState, stream StreamState) bool {
	if known.StreamCreated.IsZero() {
		return false
	}
	return !known.StreamCreated.Equal(stream.Created) || stream.LastSequence < known.LastSequence
}

// recover raises the epoch, publishes again, and only then takes the stream for the right one: should it be interrupted,
// it starts over.
func (r *Relay) recover(ctx context.Context, known core.RelayState, stream StreamState) error {
	r.Logger.WarnContext(ctx, "the broker has lost events; publishing everything that matters again",
		slog.Time("stream_created", stream.Created), slog.Uint64("last_sequence", stream.LastSequence),
		slog.Uint64("known_sequence", known.LastSequence))
	r.marks.forget() // what only the lost stream held has to be published again
	if err := r.Ensure(ctx); err != nil {
		return err
	}
	err := r.Store.Update(ctx, func(tx core.Tx) error {
		state, err := tx.Relay()
		if err != nil {
			return err
		}
		state.Epoch++
		if err := tx.SaveRelay(state); err != nil {
			return err
		}
		entry := audited{action: "broker.lost", detail: map[string]any{"epoch": state.Epoch}}
		return audit(tx, entry, r.Now())
	})
	if err != nil {
		return fmt.Errorf("raising the epoch: %w", err)
	}
	count, err := r.Resync.Republish(ctx)
	if err != nil {
		return err
	}
	r.Logger.InfoContext(ctx, "put requests into the outbox again", slog.Int("requests", count))
	return r.remember(ctx, stream)
}

func (r *Relay) remember(ctx context.Context, stream StreamState) error {
	return r.Store.Update(ctx, func(tx core.Tx) error {
		state, err := tx.Relay()
		if err != nil {
			return err
		}
		state.StreamCreated, state.LastSequence = stream.Created, stream.LastSequence
		return tx.SaveRelay(state)
	})
}
