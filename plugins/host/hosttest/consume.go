package hosttest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/accede/accede/broker"
)

func (c *Core) enqueue(message broker.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	message.Published = time.Now()
	c.messages = append(c.messages, &queued{Message: message, visible: message.Published})
	c.wake()
}

// wake lets everybody who waits for messages look again. The lock is held.
func (c *Core) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Consume hands out messages, each to one replica at a time.
func (n *Conn) Consume(ctx context.Context, _, _ string, workers int, handle broker.Handler) error {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				if message := n.next(ctx); message != nil {
					n.settle(message, handle(ctx, n.shown(message)))
				}
			}
		})
	}
	group.Wait()
	return nil
}

func (n *Conn) shown(message *queued) broker.Message {
	n.core.mu.Lock()
	defer n.core.mu.Unlock()
	return message.Message
}

// next waits for a message that nobody holds.
func (n *Conn) next(ctx context.Context) *queued {
	n.core.mu.Lock()
	message, changed, wait := n.core.visible(n, n.away())
	n.core.mu.Unlock()
	if message != nil {
		return message
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-timer.C:
	}
	return nil
}

// visible takes the first message whose time has come, or says how long to wait. The lock is held.
func (c *Core) visible(n *Conn, away bool) (message *queued, changed <-chan struct{}, wait time.Duration) {
	wait = time.Second
	if away {
		return nil, c.changed, wait
	}
	now := time.Now()
	for _, candidate := range c.messages {
		switch {
		case candidate.holder != nil:
		case candidate.visible.After(now):
			wait = min(wait, candidate.visible.Sub(now))
		default:
			candidate.holder = n
			candidate.Deliveries++
			return candidate, nil, 0
		}
	}
	return nil, c.changed, wait
}

func (n *Conn) settle(message *queued, outcome broker.Outcome) {
	if n.away() {
		n.core.abandon(n)
		return
	}
	c := n.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if message.holder != n {
		return
	}
	if !outcome.Retry {
		c.messages = slices.DeleteFunc(c.messages, func(m *queued) bool { return m == message })
		return
	}
	message.holder, message.visible = nil, time.Now().Add(outcome.Delay)
	c.wake()
}

// abandon makes what a lost replica held visible again after the broker's patience.
func (c *Core) abandon(n *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, message := range c.messages {
		if message.holder == n {
			message.holder, message.visible = nil, time.Now().Add(c.AckWait)
		}
	}
	c.wake()
}
