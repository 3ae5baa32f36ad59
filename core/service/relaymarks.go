package service

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/accede/accede/core"
)

// markEvery is how long a published event may stand in the outbox unmarked. Marking later than publishing spares a commit
// for each event; whoever publishes an unmarked event once more after a crash does no harm, for the broker knows its id.
const markEvery = 50 * time.Millisecond

// marks are the events that the broker has confirmed and the outbox does not know about yet. Only the relay's own
// goroutine uses them.
type marks struct {
	published map[string]bool
	flush     *time.Timer
}

func newMarks() *marks {
	flush := time.NewTimer(markEvery)
	flush.Stop()
	return &marks{published: map[string]bool{}, flush: flush}
}

// fresh keeps the events that were not published yet.
func (m *marks) fresh(entries []core.OutboxEntry) []core.OutboxEntry {
	return slices.DeleteFunc(entries, func(entry core.OutboxEntry) bool { return m.published[entry.ID] })
}

func (m *marks) add(entries []core.OutboxEntry) {
	if len(m.published) == 0 {
		m.flush.Reset(markEvery)
	}
	for _, entry := range entries {
		m.published[entry.ID] = true
	}
}

// forget makes every unmarked event one to be published again.
func (m *marks) forget() {
	clear(m.published)
	m.flush.Stop()
}

// mark writes down what was published. That must not be forgotten because the core is stopping.
func (r *Relay) mark(ctx context.Context) error {
	if len(r.marks.published) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(r.marks.published))
	err := r.Store.Update(context.WithoutCancel(ctx), func(tx core.Tx) error { return tx.MarkPublished(ids, r.Now()) })
	if err != nil {
		return fmt.Errorf("marking events as published: %w", err)
	}
	r.marks.forget()
	return nil
}
