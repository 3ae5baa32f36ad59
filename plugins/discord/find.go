package discord

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// pageSize is the most that one request lists: https://discord.com/developers/docs/resources/message#get-channel-messages.
	pageSize = 100
	// maxPages bounds one look-up; the next one goes on from there.
	maxPages = 50
	// clockSkew is how far our clock may be ahead of Discord's.
	clockSkew = time.Minute
	// showMargin is far longer than Discord takes to show a message among the others.
	showMargin = 10 * time.Second
	// maxMarks bounds what is remembered of a channel; a fuller book begins anew.
	maxMarks = 50_000
	// discordEpoch is when ids begin, in milliseconds: https://discord.com/developers/docs/reference#snowflakes.
	discordEpoch = 1420070400000
)

// Find looks for the message that carries the key among the bot's own ones. Replies are in the same channel as their card.
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
	mark := markOf(search.Key)
	id, found, err := b.books.find(ctx, channel, own.ID, mark, search.Since.Add(-clockSkew))
	if err != nil {
		return "", false, failure("looking up message", repeatable, err)
	}
	return ref{channel: channel, message: id, mark: mark}.encode(), found, nil
}

// idAt is the smallest id that a message of that time can have.
func idAt(t time.Time) uint64 {
	millis := max(t.UnixMilli()-discordEpoch, 0)
	return uint64(millis) << 22
}

// books remember what look-ups have read of channels, so that a thousand look-ups after an outage read a channel once
// between them and not once each.
type books struct {
	api *api

	mu sync.Mutex
	of map[string]*book
}

func newBooks(client *api) *books { return &books{api: client, of: map[string]*book{}} }

// book is what was read of one channel, without gaps. Only the marks of our own messages are kept.
type book struct {
	// turn is held by the one look-up that reads at present.
	turn  chan struct{}
	marks map[string]string
	// from and to are the ids between which all is known.
	from, to uint64
	// complete is when the last reading began that came to the channel's end.
	complete time.Time
}

func (b *books) book(channel string) *book {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.of[channel]
	if known == nil {
		if len(b.of) >= maxKnown {
			clear(b.of)
		}
		known = &book{turn: make(chan struct{}, 1)}
		b.of[channel] = known
	}
	return known
}

// find returns the message of the bot in a channel that carries a mark and is no older than since. What is not found was
// not there when find was called.
func (b *books) find(ctx context.Context, channel, bot, mark string, since time.Time) (id string, found bool, err error) {
	asked := time.Now() // with its monotonic part: a clock that is set back must not hide a message
	book := b.book(channel)
	select {
	case book.turn <- struct{}{}:
		defer func() { <-book.turn }()
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	if from := idAt(since); book.marks == nil || from < book.from || len(book.marks) > maxMarks {
		book.marks, book.from, book.to, book.complete = map[string]string{}, from, from, time.Time{}
	}
	if !book.complete.After(asked) {
		err = b.read(ctx, channel, bot, book)
	}
	if id, found = book.marks[mark]; found {
		return id, true, nil
	}
	return "", false, err
}

// read goes on where the book ends, up to the channel's newest message. The last seconds are read again, in case a message
// appeared late.
func (b *books) read(ctx context.Context, channel, bot string, book *book) error {
	begun := time.Now()
	after := max(book.from, margin(book.to))
	for range maxPages {
		page, err := b.api.messages(ctx, channel, strconv.FormatUint(after, 10))
		if err != nil {
			return err
		}
		for _, m := range page {
			id, err := strconv.ParseUint(m.ID, 10, 64)
			if err != nil {
				return errUnreadable
			}
			after = max(after, id)
			if mark := m.mark(); mark != "" && m.Author.ID == bot {
				book.marks[mark] = m.ID
			}
		}
		book.to = max(book.to, after)
		if len(page) < pageSize {
			book.complete = begun
			return nil
		}
	}
	return &plugins.Error{
		Op: "looking up message", Kind: plugins.Transient,
		Public: fmt.Sprintf("More than %d messages came since the first attempt; the look-up goes on from there at the next try.",
			pageSize*maxPages),
	}
}

// margin is an id some seconds before another.
func margin(id uint64) uint64 {
	const back = uint64(showMargin/time.Millisecond) << 22
	return id - min(id, back)
}
