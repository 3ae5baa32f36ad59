package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"

	"github.com/accede/accede/core"
)

// maxBatch bounds how many updates one commit carries, and so how long the first of them waits for the last.
const maxBatch = 256

// job is one update on its way through the writer.
type job struct {
	run func(core.Tx) error
	// taken is won by the writer when it begins, or by the caller when it gives up.
	taken atomic.Bool
	err   error
	done  chan struct{}
}

// Update implements [core.Store]. If ctx ends before the writer has begun with fn, fn is never run; once begun, Update
// waits for the commit. fn runs on the writer's goroutine: it must not call the store itself.
func (s *Store) Update(ctx context.Context, fn func(core.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	update := &job{run: fn, done: make(chan struct{})}
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	select {
	case s.queue <- update:
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return update.wait(ctx, s.written)
}

func (j *job) wait(ctx context.Context, written <-chan struct{}) error {
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	case <-written:
		if j.taken.CompareAndSwap(false, true) {
			return ErrClosed
		}
	}
	<-j.done
	return j.err
}

// writeAll commits batch after batch until the store closes.
func (s *Store) writeAll(writer *session) {
	defer close(s.written)
	defer s.retire(writer)
	batch := make([]*job, 0, maxBatch)
	for {
		select {
		case first := <-s.queue:
			batch = s.collect(append(batch[:0], first))
			s.commit(writer, batch)
		case <-s.closing:
			for batch = s.collect(batch[:0]); len(batch) > 0; batch = s.collect(batch[:0]) {
				s.commit(writer, batch)
			}
			return
		}
	}
}

// retire copies the log into the file and closes the writer's session.
func (s *Store) retire(writer *session) {
	writer.failure = nil
	if err := errors.Join(writer.do("PRAGMA wal_checkpoint(TRUNCATE)"), writer.close()); err != nil {
		s.log.Warn("closing store", slog.Any("err", err))
	}
}

// collect adds whatever waits already.
func (s *Store) collect(batch []*job) []*job {
	for len(batch) < maxBatch {
		select {
		case next := <-s.queue:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction and tells every caller how it went.
func (s *Store) commit(writer *session, batch []*job) {
	batch = begun(batch)
	if len(batch) == 0 {
		return
	}
	err := s.transact(writer, batch)
	for _, update := range batch {
		if err != nil && update.err == nil {
			update.err = fmt.Errorf("committing: %w", err)
		}
		close(update.done)
	}
}

// begun keeps the updates whose callers still wait.
func begun(batch []*job) []*job {
	kept := batch[:0]
	for _, update := range batch {
		if update.taken.CompareAndSwap(false, true) {
			kept = append(kept, update)
		}
	}
	return kept
}

// errMixed says that an update failed after it had written, in a transaction that others have written in too.
var errMixed = errors.New("an update failed half-way")

// transact returns nil when everything that did not fail by itself is on disk. Few updates fail after they have written, so
// a batch first runs without savepoints, and once more with them if one does.
func (s *Store) transact(writer *session, batch []*job) error {
	err := inOne(writer, batch, s.plainly)
	switch {
	case !errors.Is(err, errMixed):
		return err
	case len(batch) == 1:
		return batch[0].err
	default:
		return inOne(writer, batch, s.savepoint)
	}
}

// inOne runs updates in one transaction, which ends with the first error that run returns.
func inOne(writer *session, batch []*job, run func(*session, *job) error) (err error) {
	writer.failure = nil
	defer func() {
		if err != nil {
			writer.failure = nil
			_ = writer.do("ROLLBACK") // SQLite may have done it by itself
		}
	}()
	if err := writer.do("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, update := range batch {
		if err := run(writer, update); err != nil {
			return err
		}
	}
	return writer.do("COMMIT")
}

// plainly runs an update with no way back but that of the whole transaction.
func (s *Store) plainly(writer *session, update *job) error {
	before := writer.writes
	update.err = s.attempt(writer, update)
	if update.err != nil && (writer.writes != before || writer.failure != nil) {
		return errMixed
	}
	return nil
}

// savepoint runs an update that can be taken back alone. An error of the update is the update's own; one that is returned
// ends the transaction.
func (s *Store) savepoint(writer *session, update *job) error {
	if err := writer.do("SAVEPOINT one"); err != nil {
		return err
	}
	update.err = s.attempt(writer, update)
	cause := writer.failure
	writer.failure = nil
	if update.err != nil {
		if err := writer.do("ROLLBACK TO one"); err != nil {
			return cmp.Or(cause, err) // the cause has ended the whole transaction
		}
	}
	return writer.do("RELEASE one")
}

// attempt runs an update's function and turns a panic into an error.
func (s *Store) attempt(writer *session, update *job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error("an update panicked", slog.Any("err", cause), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("update panicked: %v", cause)
		}
	}()
	if err := update.run(&tx{reader{writer}}); err != nil {
		return err
	}
	return writer.failure
}
