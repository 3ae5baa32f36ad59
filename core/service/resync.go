package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const (
	// syncMargin is how much further back than the last sync a plugin looks: events on their way meanwhile were lost with it.
	syncMargin = 10 * time.Minute
	// syncPage and maxSyncPage bound the requests of one page.
	syncPage    = 100
	maxSyncPage = 500
	// answersKept is how far back answers are repeated after the broker lost its memory.
	answersKept = time.Hour
)

// Resync tells plugins what to look at again, whatever the broker has lost: everything, page by page, or what the ledger
// says is due.
type Resync struct {
	Store core.Store
	Now   func() time.Time
}

// Sync answers with one page. The plugin asks for the next page when it is done with this one, so that the sync is noted
// as complete only after that.
func (r *Resync) Sync(ctx context.Context, plugin string, question v1.SyncRequest) (v1.SyncReply, error) {
	limit := question.Limit
	if limit <= 0 {
		limit = syncPage
	}
	limit = min(limit, maxSyncPage)
	if question.Due {
		return r.due(ctx, plugin, question.Cursor, limit)
	}
	place, err := r.place(question.Cursor)
	if err != nil {
		return v1.SyncReply{}, err
	}
	reply, err := r.page(ctx, plugin, place, limit)
	if err != nil || reply.Next != "" {
		return reply, err
	}
	return reply, r.complete(ctx, plugin, place.begun)
}

// place is where a sync stands: when its first page was asked for, and the last request it has been given.
type place struct {
	begun time.Time
	after string
}

func (p place) String() string { return strconv.FormatInt(p.begun.UnixMicro(), 10) + "." + p.after }

func (r *Resync) place(cursor string) (place, error) {
	now := r.Now()
	if cursor == "" {
		return place{begun: now}, nil
	}
	begun, after, ok := strings.Cut(cursor, ".")
	micros, err := strconv.ParseInt(begun, 10, 64)
	if !ok || err != nil {
		return place{}, core.Refuse(v1.CodeInvalid, "The sync cursor %.64q is none of mine; start again without one.", cursor)
	}
	at := time.UnixMicro(micros).UTC()
	if at.After(now) {
		at = now
	}
	return place{begun: at, after: after}, nil
}

func (r *Resync) page(ctx context.Context, plugin string, from place, limit int) (reply v1.SyncReply, err error) {
	err = r.Store.View(ctx, func(reader core.Reader) error {
		record, err := reader.Plugin(plugin)
		if err != nil {
			return missing(err, "plugin", plugin)
		}
		if reply.Epoch, err = epoch(reader); err != nil {
			return err
		}
		unsettled, err := reader.Unsettled(plugin, horizon(record), from.after, limit)
		if err != nil {
			return err
		}
		room := newPageRoom()
		for _, request := range unsettled {
			if request = outward(request); !room.takes(request) {
				break
			}
			reply.Requests = append(reply.Requests, request)
		}
		return nil
	})
	if err != nil || len(reply.Requests) == 0 {
		return reply, err
	}
	from.after = reply.Requests[len(reply.Requests)-1].ID
	reply.Next = from.String()
	return reply, nil
}

// horizon is since when updates of requests may have passed a plugin by.
func horizon(plugin core.PluginRecord) time.Time {
	if plugin.Synced.IsZero() {
		return plugin.Created
	}
	return plugin.Synced.Add(-syncMargin)
}

func epoch(reader core.Reader) (int64, error) {
	state, err := reader.Relay()
	return state.Epoch, err
}

// complete notes that the plugin has looked at everything as it was when its sync began.
func (r *Resync) complete(ctx context.Context, plugin string, begun time.Time) error {
	return r.Store.Update(ctx, func(tx core.Tx) error {
		record, err := tx.Plugin(plugin)
		if err != nil {
			return missing(err, "plugin", plugin)
		}
		if !begun.After(record.Synced) {
			return nil
		}
		record.Synced = begun
		return tx.SavePlugin(record)
	})
}

// due answers with the requests and answers of deliveries that wait for somebody.
func (r *Resync) due(ctx context.Context, plugin, cursor string, limit int) (reply v1.SyncReply, err error) {
	reply.Requests = []v1.Request{}
	err = r.Store.View(ctx, func(reader core.Reader) error {
		if _, err := reader.Plugin(plugin); err != nil {
			return missing(err, "plugin", plugin)
		}
		if reply.Epoch, err = epoch(reader); err != nil {
			return err
		}
		rows, err := reader.DueDeliveries(plugin, r.Now(), cursor, limit)
		if err != nil {
			return err
		}
		if len(rows) == limit {
			reply.Next = rows[len(rows)-1].ID
		}
		return gather(reader, rows, &reply)
	})
	return reply, err
}

// gather fills a page with what the rows are about, as far as it has room.
func gather(reader core.Reader, rows []v1.Delivery, reply *v1.SyncReply) error {
	seen, room := map[string]bool{}, newPageRoom()
	for i, row := range rows {
		decision, isAnswer := strings.CutPrefix(row.Slot, v1.SlotAnswerPrefix)
		id := row.RequestID
		if isAnswer {
			id = row.Slot
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		full := *reply
		err := gatherOne(reader, row, decision, isAnswer, reply)
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
		if !room.takes([]any{reply.Requests[len(full.Requests):], reply.Answers[len(full.Answers):]}) {
			*reply, reply.Next = full, rows[i-1].ID
			return nil
		}
	}
	return nil
}

func gatherOne(reader core.Reader, row v1.Delivery, decision string, isAnswer bool, reply *v1.SyncReply) error {
	if !isAnswer {
		request, err := reader.Request(row.RequestID)
		if err == nil {
			reply.Requests = append(reply.Requests, outward(request))
		}
		return err
	}
	action, err := reader.Action(decision)
	if err == nil && action.Plugin == row.Plugin {
		reply.Answers = append(reply.Answers, action.Answer)
	}
	return err
}

// Republish puts the newest snapshot of everything that any plugin should look at into the outbox once more, and the late
// answers of the last hour. It works in bounded pages, each in a transaction of its own; doing it twice does no harm.
func (r *Resync) Republish(ctx context.Context) (count int, err error) {
	var plugins []core.PluginRecord
	err = r.Store.View(ctx, func(reader core.Reader) (err error) {
		plugins, err = reader.Plugins()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("listing plugins: %w", err)
	}
	done := map[string]bool{}
	for _, plugin := range plugins {
		if err := r.republishFor(ctx, plugin, done); err != nil {
			return len(done), fmt.Errorf("publishing requests again for %s: %w", plugin.Name, err)
		}
	}
	if err := r.republishAnswers(ctx); err != nil {
		return len(done), fmt.Errorf("publishing answers again: %w", err)
	}
	return len(done), nil
}

func (r *Resync) republishFor(ctx context.Context, plugin core.PluginRecord, done map[string]bool) error {
	after, more := "", true
	for more {
		last, pageDone := after, []string(nil)
		err := r.Store.Update(ctx, func(tx core.Tx) error {
			last, pageDone = after, nil
			requests, err := tx.Unsettled(plugin.Name, horizon(plugin), after, syncPage)
			if err != nil {
				return err
			}
			for _, request := range requests {
				last = request.ID
				if done[request.ID] {
					continue
				}
				pageDone = append(pageDone, request.ID)
				if err := emit(tx, v1.EventResync, request, r.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range pageDone {
			done[id] = true
		}
		more, after = last != after, last
	}
	return nil
}

// republishAnswers repeats the answers that may have been lost on their way. Plugins tell each answer once.
func (r *Resync) republishAnswers(ctx context.Context) error {
	after, until := idAt(r.Now().Add(-answersKept)), idAt(r.Now())
	repeated := map[string]bool{}
	for {
		var events []core.OutboxEntry
		err := r.Store.View(ctx, func(reader core.Reader) (err error) {
			events, err = reader.Events(after, "", syncPage)
			return err
		})
		if err != nil || len(events) == 0 {
			return err
		}
		if err := r.repeatAnswers(ctx, events, repeated); err != nil {
			return err
		}
		after = events[len(events)-1].ID
		if after >= until {
			return nil
		}
	}
}

func (r *Resync) repeatAnswers(ctx context.Context, events []core.OutboxEntry, repeated map[string]bool) error {
	var answers []v1.Answer
	for _, entry := range events {
		answer, ok := answerIn(entry)
		if ok && !repeated[answer.Decision.ID] {
			repeated[answer.Decision.ID] = true
			answers = append(answers, answer)
		}
	}
	if len(answers) == 0 {
		return nil
	}
	return r.Store.Update(ctx, func(tx core.Tx) error {
		for _, answer := range answers {
			if err := emitAnswer(tx, answer, r.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// idAt is smaller than every event id made at or after a time, and greater than those made before.
func idAt(t time.Time) string {
	var id uuid.UUID
	millis := t.UnixMilli()
	for i := range 6 {
		id[i] = byte(millis >> (40 - 8*i)) //nolint:gosec // the byte is wanted
	}
	id[6] = 0x70
	return id.String()
}

// answerIn returns the answer that an event carries, if it is one.
func answerIn(entry core.OutboxEntry) (v1.Answer, bool) {
	if !bytes.Contains(entry.Body, []byte(v1.EventAnswer)) {
		return v1.Answer{}, false
	}
	event, err := v1.ParseEvent(entry.Body)
	if err != nil || event.Type != v1.EventAnswer {
		return v1.Answer{}, false
	}
	return event.Answer()
}
