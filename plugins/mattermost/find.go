package mattermost

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// pageSize is how many posts are read at a time; Mattermost gives at most 200:
	// https://developers.mattermost.com/api-documentation/#/operations/GetPostsForChannel.
	pageSize = 100
	// maxPages bounds every look-up; 10,000 messages since a delivery was first tried mean something else is wrong.
	maxPages = 100
	// searchSkew is how far our clock may be ahead of Mattermost's.
	searchSkew = time.Minute
	// showMargin is far more than reading from a replica of the database lags behind.
	showMargin = 10 * time.Second
	// maxKeys bounds what is remembered of a channel; a fuller book begins anew.
	maxKeys = 50_000
)

// Find looks for the message that carries the key. Replies stand in the channel's list as well.
func (b *bot) Find(ctx context.Context, at plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	own, err := b.people.self(ctx)
	if err != nil {
		return "", false, failure("looking up message", repeatable, err)
	}
	channel := at.ID
	if search.Parent != "" {
		parent, err := decodeRef(search.Parent)
		if err != nil {
			return "", false, err
		}
		channel = parent.channel
	}
	post, found, err := b.books.find(ctx, channel, own.id, search.Key, search.Since.Add(-searchSkew))
	return ref{channel: channel, post: post, key: search.Key}.encode(), found, failure("looking up message", repeatable, err)
}

// books remember what look-ups have read of channels, so that a thousand look-ups after an outage read a channel once
// between them and not once each.
type books struct {
	api *api
	// margin is how long Mattermost may take to show a post among the others.
	margin time.Duration

	mu    sync.Mutex
	books map[string]*book
}

// book is what was read of one channel without gaps: from a time to a time, in Mattermost's own time. Only the keys of
// our own messages are kept.
type book struct {
	// turn is held by the one look-up that reads at present.
	turn     chan struct{}
	keys     map[string]string
	from, to time.Time
	// complete is when the last look-up began that read up to its own time.
	complete time.Time
}

func newBooks(client *api) *books {
	return &books{api: client, margin: showMargin, books: map[string]*book{}}
}

func (b *books) book(channel string) *book {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.books[channel]
	if known == nil {
		known = &book{turn: make(chan struct{}, 1), keys: map[string]string{}}
		b.books[channel] = known
	}
	return known
}

// find returns our message in a channel that carries a key and is no older than since. What is not found was not there
// when find was called.
func (b *books) find(ctx context.Context, channel, own, key string, since time.Time) (post string, found bool, err error) {
	asked := time.Now() // with its monotonic part: a clock that is set back must not hide a message
	of := b.book(channel)
	select {
	case of.turn <- struct{}{}:
		defer func() { <-of.turn }()
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	if len(of.keys) > maxKeys {
		of.keys, of.from, of.to, of.complete = map[string]string{}, time.Time{}, time.Time{}, time.Time{}
	}
	if !of.complete.After(asked) || since.Before(of.from) {
		err = b.read(ctx, of, channel, own, since)
	}
	if post, found = of.keys[key]; found {
		return post, true, nil
	}
	return "", false, err
}

// read closes the gap between what the book holds and now, or reads anew from since if that is earlier. What it has read
// counts even if it is interrupted, but only a whole reading leaves no gap.
func (b *books) read(ctx context.Context, of *book, channel, own string, since time.Time) error {
	begun, bottom, newest := time.Now(), since, of.to
	if !of.to.IsZero() && !since.Before(of.from) {
		bottom, since = of.to.Add(-b.margin), of.from
	}
	before := ""
	for range maxPages {
		page, err := b.api.posts(ctx, channel, before)
		if err != nil {
			return err
		}
		for _, p := range page {
			if p.user == own && p.key != "" {
				of.keys[p.key] = p.id
			}
			if p.created.After(newest) {
				newest = p.created
			}
			before = p.id
		}
		if len(page) == 0 || page[len(page)-1].created.Before(bottom) {
			of.from, of.to, of.complete = since, newest, begun
			return nil
		}
	}
	return &plugins.Error{
		Op: "looking up message", Kind: plugins.Transient,
		Public: fmt.Sprintf("More than %d messages came since the first attempt, so whether it was posted cannot be told; "+
			"look for the card in the channel.", pageSize*maxPages),
	}
}
