package slacksim

import (
	"slices"
	"sync"
	"time"
)

// channel is a conversation of any kind. What is above the lock never changes.
type channel struct {
	id      string
	name    string
	kind    channelKind
	shared  bool
	members []string

	mu        sync.RWMutex
	archived  bool
	last      int64
	messages  []*message
	byTS      map[string]*message
	ephemeral []*message
}

type channelKind int

const (
	publicChannel channelKind = iota
	privateChannel
	directMessage
	groupMessage
)

func newChannel(c Channel) *channel {
	kind := publicChannel
	if c.Private {
		kind = privateChannel
	}
	return &channel{
		id: c.ID, name: c.Name, kind: kind, shared: c.Shared, archived: c.Archived,
		members: slices.Clone(c.Members), byTS: map[string]*message{},
	}
}

func (c *channel) hasMember(user string) bool { return slices.Contains(c.members, user) }

// visibleTo says whether the person could open the channel at all.
func (c *channel) visibleTo(user string) bool { return c.kind == publicChannel || c.hasMember(user) }

// other is the person at the far end of a direct message.
func (c *channel) other(user string) string {
	for _, m := range c.members {
		if m != user {
			return m
		}
	}
	return user
}

// nextMicros gives each message of the channel a time of its own, later than all before. The lock must be held.
func (c *channel) nextMicros(now time.Time) int64 {
	c.last = max(now.UnixMicro(), c.last+1)
	return c.last
}

// add appends a message that everybody sees and stamps it.
func (c *channel) add(m *message, threadTS string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.micros = c.nextMicros(now)
	m.ts = formatTS(m.micros)
	if parent := c.thread(threadTS); parent != nil {
		m.parent = parent
		parent.replies = append(parent.replies, m)
	}
	c.messages = append(c.messages, m)
	c.byTS[m.ts] = m
}

// thread is the first message of the thread that ts belongs to, or nil when there is none any more: Slack then posts
// the reply un-threaded.
func (c *channel) thread(ts string) *message {
	m := c.byTS[ts]
	if m == nil || m.deleted {
		return nil
	}
	if m.parent != nil {
		return m.parent
	}
	return m
}

func (c *channel) addEphemeral(m *message, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.micros = c.nextMicros(now)
	m.ts = formatTS(m.micros)
	c.ephemeral = append(c.ephemeral, m)
}

// live finds a message that has not been deleted. The lock must be held.
func (c *channel) live(ts string) *message {
	m := c.byTS[ts]
	if m == nil || m.deleted {
		return nil
	}
	return m
}

// liveEphemeral finds a message that only that person sees. The lock must be held.
func (c *channel) liveEphemeral(ts, user string) *message {
	for _, m := range c.ephemeral {
		if m.ts == ts && m.onlyFor == user && !m.deleted {
			return m
		}
	}
	return nil
}
