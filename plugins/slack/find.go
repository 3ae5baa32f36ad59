package slack

import (
	"context"
	"fmt"
	"time"

	"github.com/accede/accede/plugins"
)

const (
	// pageSize is what Slack recommends per page: https://docs.slack.dev/apis/web-api/pagination.
	pageSize = 200
	// maxPages bounds every listing; 10,000 messages since a delivery was first tried mean something else is wrong.
	maxPages = 50
	// clockSkew is how far our clock may be ahead of Slack's.
	clockSkew = time.Minute
)

// Find looks for the message that carries the key, in the thread of the search's parent first, then in the
// conversation itself, where messages to be noticed are.
func (b *bot) Find(ctx context.Context, at plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	own, err := b.people.self(ctx)
	if err != nil {
		return "", false, failure("looking up message", repeatable, err)
	}
	wanted := posted{bot: own.bot, key: search.Key}
	oldest := stamp(search.Since.Add(-clockSkew))
	channel := at.ID
	if search.Parent != "" {
		parent, err := decodeRef(search.Parent)
		if err != nil {
			return "", false, err
		}
		ts, found, err := seek(wanted, func(cursor string) ([]posted, string, error) {
			return b.api.replies(ctx, parent, oldest, cursor)
		})
		if found || err != nil && codeOf(err) != "thread_not_found" {
			return ref{channel: parent.channel, ts: ts}.encode(), found, failure("looking up reply", repeatable, err)
		}
		channel = parent.channel
	}
	ts, found, err := b.histories.find(ctx, channel, own.bot, search.Key, search.Since.Add(-clockSkew))
	return ref{channel: channel, ts: ts}.encode(), found, failure("looking up message", repeatable, err)
}

// seek turns pages until the wanted message appears or the pages end.
func seek(wanted posted, page func(cursor string) ([]posted, string, error)) (ts string, found bool, err error) {
	cursor := ""
	for range maxPages {
		messages, next, err := page(cursor)
		if err != nil {
			return "", false, err
		}
		for _, m := range messages {
			if m.key == wanted.key && m.bot == wanted.bot {
				return m.ts, true, nil
			}
		}
		if next == "" {
			return "", false, nil
		}
		cursor = next
	}
	return "", false, &plugins.Error{
		Op: "looking up message", Kind: plugins.Transient,
		Public: fmt.Sprintf("More than %d messages came since the first attempt, so whether it was posted cannot be told; "+
			"look for the card in the channel.", pageSize*maxPages),
	}
}

// stamp writes a time as Slack's message ids do.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }
