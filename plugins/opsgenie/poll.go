package opsgenie

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

// pollBot reads what people decide with the buttons of alerts.
type pollBot struct {
	*bot
	pattern *regexp.Regexp
	watch   *watch
}

// Poll asks what happened. One list of all open alerts tells which of them changed; only their logs are read.
func (b *pollBot) Poll(ctx context.Context, open []plugins.Posted, decisions plugins.Decisions) error {
	if err := b.watch.refresh(ctx); err != nil {
		return err
	}
	var failures []error
	for _, p := range open {
		at, err := decodeRef(p.Ref)
		if err != nil || !b.watch.due(at.alert) {
			continue
		}
		if err = b.look(ctx, at.alert, p, decisions); err == nil {
			continue
		}
		failures = append(failures, fmt.Errorf("looking at alert %s: %w", at.alert, err))
		if kind := plugins.KindOf(err); kind == plugins.RateLimited || kind == plugins.Auth || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failures...)
}

func (b *pollBot) look(ctx context.Context, id string, p plugins.Posted, decisions plugins.Decisions) error {
	before := b.watch.changed(id)
	made, err := b.judge(ctx, p)
	if notFound(err) {
		b.log.Warn("alert cannot be read; decide in Accede", "request_id", p.Card.RequestID, "alert", id, "err", err)
		made, err = nil, nil
	}
	if err != nil {
		return err
	}
	b.submit(ctx, made, decisions)
	b.watch.looked(id, before)
	return nil
}

const (
	// freshFor is how long the list of open alerts is believed, so that the parts of one round share it.
	freshFor = 3 * time.Second
	// lookAnyway is when an alert's log is read although the list says that nothing happened. Up to as much again is added, by
	// chance, so that not all are read at once.
	lookAnyway = 15 * time.Minute
	// forgetAfter is how long an alert is remembered that nobody asks about any more.
	forgetAfter = 2 * time.Hour
)

// watch knows which alerts changed since they were looked at. It is kept in memory only: a process that starts anew looks at
// each open alert once.
type watch struct {
	bot *bot

	mu sync.Mutex
	// listed is when the list was read, updated what it said: when each alert was last changed.
	listed  time.Time
	updated map[string]string
	seen    map[string]sight
}

// sight is what was known of an alert when its log was read.
type sight struct {
	updated   string
	at, asked time.Time
}

func newWatch(b *bot) *watch { return &watch{bot: b, seen: map[string]sight{}} }

// refresh reads the list, unless that was only a moment ago.
func (w *watch) refresh(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.bot.now()
	if !w.listed.IsZero() && now.Sub(w.listed) < freshFor {
		return nil
	}
	updated, err := w.bot.api.openOnes(ctx)
	if err != nil {
		return err
	}
	w.listed, w.updated = now, updated
	for id, s := range w.seen {
		if now.Sub(s.asked) > forgetAfter {
			delete(w.seen, id)
		}
	}
	return nil
}

// due says whether an alert's log has to be read.
func (w *watch) due(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, looked := w.seen[id]
	if !looked {
		return true
	}
	now := w.bot.now()
	s.asked = now
	w.seen[id] = s
	// One that is no longer listed was closed, perhaps after a button was pressed.
	return w.updated[id] != s.updated || now.Sub(s.at) > lookAnyway+spread(id)
}

// spread is a time between nothing and lookAnyway that is always the same for an alert.
func spread(id string) time.Duration {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id)) // a hash takes everything
	return lookAnyway * time.Duration(sum.Sum32()%1000) / 1000
}

func (w *watch) changed(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.updated[id]
}

func (w *watch) looked(id, updated string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.bot.now()
	w.seen[id] = sight{updated: updated, at: now, asked: now}
}
