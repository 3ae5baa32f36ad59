package standin

import (
	"context"
	"sync"
)

// Changes counts what happened in a stand-in, so that a page or a test can follow along without reading everything.
type Changes struct {
	mu      sync.Mutex
	version uint64
	waiting chan struct{}
}

// NewChanges starts at version 0.
func NewChanges() *Changes { return &Changes{waiting: make(chan struct{})} }

// Touch counts one change and wakes whoever waits.
func (c *Changes) Touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	close(c.waiting)
	c.waiting = make(chan struct{})
}

// Version is the number of changes so far.
func (c *Changes) Version() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// Wait blocks until more than seen changes happened or the context ended, and returns the version then.
func (c *Changes) Wait(ctx context.Context, seen uint64) uint64 {
	for {
		c.mu.Lock()
		version, waiting := c.version, c.waiting
		c.mu.Unlock()
		if version > seen {
			return version
		}
		select {
		case <-waiting:
		case <-ctx.Done():
			return version
		}
	}
}
