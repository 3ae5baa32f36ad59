package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/accede/accede/core"
)

const eventColumns = "SELECT outbox.id, outbox.subject, outbox.body, outbox.request_id, outbox.created FROM "

func readEvent(row scanner) (entry core.OutboxEntry, err error) {
	var created sql.NullInt64
	err = row.Scan(&entry.ID, &entry.Subject, &entry.Body, &entry.RequestID, &created)
	entry.Created = fromMicros(created)
	return entry, err
}

// Outbox implements [core.Reader].
func (r *reader) Outbox(limit int) ([]core.OutboxEntry, error) {
	return many(r.session, readEvent, eventColumns+
		"unpublished CROSS JOIN outbox ON outbox.seq = unpublished.seq ORDER BY unpublished.seq LIMIT ?", limited(limit))
}

// Events implements [core.Reader].
func (r *reader) Events(after, requestID string, limit int) ([]core.OutboxEntry, error) {
	seq, err := r.place(after)
	if err != nil {
		return nil, err
	}
	if requestID == "" {
		return many(r.session, readEvent, eventColumns+"outbox WHERE seq > ? ORDER BY seq LIMIT ?", seq, limited(limit))
	}
	return many(r.session, readEvent, eventColumns+"outbox WHERE request_id = ? AND seq > ? ORDER BY seq LIMIT ?",
		requestID, seq, limited(limit))
}

// place finds where an event stands. One that was pruned stood before the first whose id is greater.
func (r *reader) place(id string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	seq, err := one(r.session, readInt, "SELECT seq FROM outbox WHERE id = ?", id)
	if !errors.Is(err, core.ErrNotFound) {
		return seq, err
	}
	return one(r.session, readInt, `SELECT coalesce((SELECT seq - 1 FROM outbox WHERE id > ? ORDER BY id LIMIT 1),
		(SELECT max(seq) FROM outbox), 0)`, id)
}

// AddToOutbox implements [core.Tx].
func (t *tx) AddToOutbox(entry core.OutboxEntry) error {
	err := t.do("INSERT INTO outbox (id, subject, request_id, created, body) VALUES (?, ?, ?, ?, ?)",
		entry.ID, entry.Subject, entry.RequestID, entry.Created.UnixMicro(), entry.Body)
	if err != nil {
		return err
	}
	return t.do("INSERT INTO unpublished (seq) VALUES (last_insert_rowid())")
}

// MarkPublished implements [core.Tx]. It forgets that the events have to be published. When they were is not kept: their own time tells enough.
func (t *tx) MarkPublished(ids []string, _ time.Time) error {
	for _, id := range ids {
		if err := t.do("DELETE FROM unpublished WHERE seq = (SELECT seq FROM outbox WHERE id = ?)", id); err != nil {
			return err
		}
	}
	return nil
}

// Relay implements [core.Reader].
func (r *reader) Relay() (core.RelayState, error) {
	return one(r.session, func(row scanner) (state core.RelayState, err error) {
		var created sql.NullInt64
		var last int64
		err = row.Scan(&created, &last, &state.Epoch)
		state.StreamCreated, state.LastSequence = fromMicros(created), uint64(last) //nolint:gosec // written from one
		return state, err
	}, "SELECT stream_created, last_sequence, epoch FROM relay")
}

// SaveRelay implements [core.Tx].
func (t *tx) SaveRelay(state core.RelayState) error {
	return t.do("UPDATE relay SET stream_created = ?, last_sequence = ?, epoch = ?",
		micros(state.StreamCreated), int64(state.LastSequence), state.Epoch) //nolint:gosec // far below the sign
}

// Action implements [core.Reader].
func (r *reader) Action(id string) (core.ActionRecord, error) {
	return one(r.session, func(row scanner) (action core.ActionRecord, err error) {
		var created sql.NullInt64
		var answer []byte
		if err = row.Scan(&action.ID, &action.Plugin, &created, &answer); err != nil {
			return action, err
		}
		action.Created = fromMicros(created)
		if err = json.Unmarshal(answer, &action.Answer); err != nil {
			return action, fmt.Errorf("decoding stored answer: %w", err)
		}
		return action, nil
	}, "SELECT id, plugin, created, answer FROM action WHERE id = ?", id)
}

// InsertAction implements [core.Tx].
func (t *tx) InsertAction(action core.ActionRecord) error {
	answer, err := encode("answer", action.Answer)
	if err != nil {
		return err
	}
	return t.do("INSERT INTO action (id, plugin, created, answer) VALUES (?, ?, ?, ?)",
		action.ID, action.Plugin, action.Created.UnixMicro(), answer)
}

// Idempotency implements [core.Reader].
func (r *reader) Idempotency(person, key string) (core.IdempotencyRecord, error) {
	return one(r.session, func(row scanner) (record core.IdempotencyRecord, err error) {
		var created sql.NullInt64
		err = row.Scan(&record.Person, &record.Key, &record.Digest, &record.Status, &created, &record.Body)
		record.Created = fromMicros(created)
		return record, err
	}, "SELECT person, key, digest, status, created, body FROM idempotency WHERE person = ? AND key = ?", person, key)
}

// InsertIdempotency implements [core.Tx].
func (t *tx) InsertIdempotency(record core.IdempotencyRecord) error {
	return t.do("INSERT INTO idempotency (person, key, digest, status, created, body) VALUES (?, ?, ?, ?, ?, ?)",
		record.Person, record.Key, record.Digest, record.Status, record.Created.UnixMicro(), blob(record.Body))
}
