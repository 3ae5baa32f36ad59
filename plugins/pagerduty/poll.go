package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/accede/accede/plugins"
)

// pollBot reads what people decide inside PagerDuty.
type pollBot struct {
	*bot
	journal *journal
}

// Poll asks PagerDuty what happened. One list of the account's history tells which of the incidents have to be looked at; an
// incident that was never looked at by this process is looked at once by itself.
func (b *pollBot) Poll(ctx context.Context, open []plugins.Posted, decisions plugins.Decisions) error {
	if err := b.journal.extend(ctx); err != nil {
		return err
	}
	var failures []error
	for _, p := range open {
		at, err := decodeRef(p.Ref)
		if err != nil || !b.journal.due(at.incident) {
			continue
		}
		err = b.look(ctx, at.incident, p, decisions)
		if err == nil {
			continue
		}
		failures = append(failures, fmt.Errorf("looking at incident %s: %w", at.incident, err))
		if kind := plugins.KindOf(err); kind == plugins.RateLimited || kind == plugins.Auth || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failures...)
}

func (b *pollBot) look(ctx context.Context, incident string, p plugins.Posted, decisions plugins.Decisions) error {
	before := b.journal.mark(incident)
	made, err := b.judge(ctx, p)
	if kind := plugins.KindOf(err); err != nil && (kind == plugins.NotFound || kind == plugins.Invalid) {
		b.log.Warn("incident cannot be read; decide in Accede", "request_id", p.Card.RequestID, "incident", incident, "err", err)
		b.journal.done(incident, before)
		return nil
	}
	if err != nil {
		return err
	}
	b.submit(ctx, p, made, decisions)
	b.journal.done(incident, before)
	return nil
}

const (
	// freshFor is how long the list of what happened is believed, so that the parts of one round share it.
	freshFor = 3 * time.Second
	// overlap is how far each list reaches back into the one before, for clocks that differ and entries that come late.
	overlap = 2 * time.Minute
	// forgetAfter is how long an incident is remembered that nobody asks about any more.
	forgetAfter = time.Hour
)

// journal knows which incidents something happened to. It is kept in memory only: a process that starts anew looks at each
// open incident once.
type journal struct {
	bot *bot

	mu sync.Mutex
	// until is up to when the account's history was read; zero before the first time.
	until time.Time
	// known are the entries read lately, which the next list repeats.
	known map[string]time.Time
	// stirred counts what happened to an incident, seen is the count up to which it was looked at.
	stirred map[string]int
	seen    map[string]look
}

type look struct {
	count int
	asked time.Time
}

func newJournal(b *bot) *journal {
	return &journal{bot: b, known: map[string]time.Time{}, stirred: map[string]int{}, seen: map[string]look{}}
}

// extend reads what happened since the last time, unless that is only a moment ago.
func (j *journal) extend(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.bot.now()
	if j.until.IsZero() {
		j.until = now // everything before is read incident by incident
		return nil
	}
	if now.Sub(j.until) < freshFor {
		return nil
	}
	own, err := j.bot.self(ctx)
	if err != nil {
		return err
	}
	entries, err := j.bot.api.happenings(ctx, j.until.Add(-overlap))
	switch {
	case plugins.KindOf(err) == plugins.Invalid:
		clear(j.seen) // more happened than can be read: look at each incident by itself
	case err != nil:
		return err
	}
	for _, e := range entries {
		if _, repeated := j.known[e.ID]; !repeated && e.Agent.ID != own && e.matters(j.bot.config) {
			j.stirred[e.Incident.ID]++
		}
		j.known[e.ID] = e.At
	}
	j.until = now
	j.forget(now)
	return nil
}

func (j *journal) forget(now time.Time) {
	for id, at := range j.known {
		if now.Sub(at) > 2*overlap {
			delete(j.known, id)
		}
	}
	for id, l := range j.seen {
		if now.Sub(l.asked) > forgetAfter {
			delete(j.seen, id)
			delete(j.stirred, id)
		}
	}
}

// due says whether an incident has to be looked at.
func (j *journal) due(incident string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	l, looked := j.seen[incident]
	if looked {
		l.asked = j.bot.now()
		j.seen[incident] = l
	}
	return !looked || l.count < j.stirred[incident]
}

func (j *journal) mark(incident string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stirred[incident]
}

func (j *journal) done(incident string, count int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen[incident] = look{count: count, asked: j.bot.now()}
}
