package slack

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

// histories remember what look-ups have read of conversations, so that a thousand look-ups after an outage read a
// channel's history once between them and not once each. Slack allows about fifty such reads a minute:
// https://docs.slack.dev/reference/methods/conversations.history.
type histories struct {
	api *api
	// margin is how long Slack may take to show a message among the others.
	margin time.Duration

	mu    sync.Mutex
	books map[string]*book
}

// showMargin is far longer than Slack has been seen to take.
const showMargin = 10 * time.Second

// span is a stretch of a conversation in Slack's own time.
type span struct{ from, to time.Time }

func (s span) empty() bool { return s.to.IsZero() }

// reach makes the span go back to a message; messages come newest first.
func (s *span) reach(at time.Time) {
	if s.empty() {
		s.to = at
	}
	s.from = at
}

// book is what was read of one conversation. Only the keys of our own messages are kept.
type book struct {
	// turn is held by the one look-up that reads at present.
	turn chan struct{}
	keys map[string]string
	// read is known without gaps. newer is what an interrupted look-up has read above it: between the two there is a gap.
	read, newer span
	// complete is when the last look-up began that left no gap up to its own time.
	complete time.Time
}

// maxKeys bounds a book; a fuller one begins anew.
const maxKeys = 50_000

func newHistories(client *api) *histories {
	return &histories{api: client, margin: showMargin, books: map[string]*book{}}
}

func (h *histories) book(channel string) *book {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.books[channel]
	if known == nil {
		known = &book{turn: make(chan struct{}, 1), keys: map[string]string{}}
		h.books[channel] = known
	}
	return known
}

// find returns the message of our bot in a conversation that carries a key and is no older than since. What is not found
// was not there when find was called.
func (h *histories) find(ctx context.Context, channel, bot, key string, since time.Time) (ts string, found bool, err error) {
	asked := time.Now() // with its monotonic part: a clock that is set back must not hide a message
	b := h.book(channel)
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	if len(b.keys) > maxKeys {
		b.keys, b.read, b.newer, b.complete = map[string]string{}, span{}, span{}, time.Time{}
	}
	r := reading{histories: h, book: b, channel: channel, bot: bot}
	if !b.complete.After(asked) {
		err = r.newest(ctx, since)
	}
	if err == nil && since.Before(b.read.from) {
		err = r.pages(ctx, since, b.read.from, &b.read)
		if err == nil {
			b.read.from = since
		}
	}
	ts, found = b.keys[key]
	if found {
		return ts, true, nil
	}
	return "", false, err
}

// reading is one look-up's turn with a book.
type reading struct {
	*histories
	*book
	channel, bot string
}

// newest closes the gap between what was read and now. What it has read counts even if it is interrupted.
func (r reading) newest(ctx context.Context, since time.Time) error {
	begun, bottom := time.Now(), r.read.to.Add(-r.margin)
	if r.read.empty() {
		bottom = since
	}
	if !r.newer.empty() {
		top := span{}
		if err := r.pages(ctx, r.newer.to.Add(-r.margin), time.Time{}, &top); err != nil {
			return err
		}
		if top.to.After(r.newer.to) {
			r.newer.to = top.to
		}
	}
	if err := r.pages(ctx, bottom, r.newer.from, &r.newer); err != nil {
		return err
	}
	if r.read.empty() {
		r.read = span{from: since, to: since}
	}
	if r.newer.to.After(r.read.to) {
		r.read.to = r.newer.to
	}
	r.newer, r.complete = span{}, begun
	return nil
}

// pages notes the keys of our messages between two times, newest first; a zero latest means now. After each message it
// tells the span how far back it has come.
func (r reading) pages(ctx context.Context, oldest, latest time.Time, done *span) error {
	cursor := ""
	for range maxPages {
		messages, next, err := r.api.history(ctx, r.channel, stamp(oldest), stampOrNone(latest), cursor)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if m.bot == r.bot && m.key != "" {
				r.keys[m.key] = m.ts
			}
			if at, ok := stamped(m.ts); ok {
				done.reach(at)
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
	return &plugins.Error{
		Op: "looking up message", Kind: plugins.Transient,
		Public: fmt.Sprintf("More than %d messages came since the first attempt; the look-up goes on from there at the next try.",
			pageSize*maxPages),
	}
}

func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// stamped reads what [stamp] writes.
func stamped(ts string) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(ts, 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC(), true
}
