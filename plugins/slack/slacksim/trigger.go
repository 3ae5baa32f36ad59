package slacksim

import (
	"sync"
	"time"
)

// triggerLife is how long a trigger id opens a modal: https://docs.slack.dev/interactivity/handling-user-interaction.
const triggerLife = 3 * time.Second

// forgetTriggers bounds the book: older ones answer invalid_trigger_id.
const forgetTriggers = 10 * time.Minute

type trigger struct {
	user string
	born time.Time
	used bool
}

// triggerBook knows every trigger id handed out lately.
type triggerBook struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[string]*trigger
	swept time.Time
}

func newTriggerBook(clock func() time.Time) *triggerBook {
	return &triggerBook{clock: clock, known: map[string]*trigger{}, swept: clock()}
}

func (b *triggerBook) add(id, user string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock()
	if now.Sub(b.swept) > forgetTriggers {
		b.sweep(now)
	}
	b.known[id] = &trigger{user: user, born: now}
}

func (b *triggerBook) sweep(now time.Time) {
	b.swept = now
	for id, t := range b.known {
		if now.Sub(t.born) > forgetTriggers {
			delete(b.known, id)
		}
	}
}

// exchange turns a trigger id into the person who caused it, once and within its life.
func (b *triggerBook) exchange(id string) (user string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.known[id]
	switch {
	case t == nil:
		return "", fail("invalid_trigger_id")
	case t.used:
		return "", fail("exchanged_trigger_id")
	case b.clock().Sub(t.born) > triggerLife:
		return "", fail("expired_trigger_id")
	}
	t.used = true
	return t.user, nil
}
