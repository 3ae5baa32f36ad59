package service

import (
	"context"
	"log/slog"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const (
	// deadlineTick is how often deadlines are looked at. A late look never lets a late approval through: deciding checks
	// the time itself.
	deadlineTick = time.Second
	// deadlineBatch bounds the requests taken up at a time.
	deadlineBatch = 100
	// pruneTick is how often records that only served for a while are deleted, and pruneAge how old they are by then. The
	// age is that of the oldest event the broker may still hold.
	pruneTick = time.Hour
	pruneAge  = 15 * 24 * time.Hour
)

// Deadlines moves what time alone moves: pending requests expire; access begins, is about to end, and ends.
type Deadlines struct {
	Store core.Store
	Now   func() time.Time
	// Touched is called after each commit that changed a request.
	Touched func()
	Logger  *slog.Logger
}

// Run looks every second until ctx ends.
func (d *Deadlines) Run(ctx context.Context) error {
	ticker := time.NewTicker(deadlineTick)
	defer ticker.Stop()
	prune := time.NewTicker(pruneTick)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			d.log(ctx, "moving what is due", d.Move(ctx))
		case <-prune.C:
			d.log(ctx, "deleting old records", d.Prune(ctx))
		}
	}
}

func (d *Deadlines) log(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		d.Logger.ErrorContext(ctx, doing, slog.Any("err", err))
	}
}

// Move changes every request whose deadline has come. A request that cannot be changed holds up no other.
func (d *Deadlines) Move(ctx context.Context) error {
	for ctx.Err() == nil {
		now := d.Now()
		var due []v1.Request
		err := d.Store.View(ctx, func(reader core.Reader) (err error) {
			due, err = reader.Due(now, deadlineBatch)
			return err
		})
		if err != nil {
			return err
		}
		if moved := d.moveAll(ctx, due, now); len(due) < deadlineBatch || !moved {
			return nil
		}
	}
	return ctx.Err()
}

// moveAll says whether any of the requests has moved.
func (d *Deadlines) moveAll(ctx context.Context, due []v1.Request, now time.Time) (some bool) {
	for _, request := range due {
		moved := false
		err := d.Store.Update(ctx, func(tx core.Tx) (err error) {
			moved, err = move(tx, request.ID, now)
			return err
		})
		if err != nil {
			d.Logger.ErrorContext(ctx, "moving a request that is due", slog.String("request_id", request.ID), slog.Any("err", err))
			continue
		}
		if moved {
			some = true
			d.Touched()
		}
	}
	return some
}

// move changes a request if something is due, as it is in this transaction.
func move(tx core.Tx, id string, now time.Time) (bool, error) {
	request, err := tx.Request(id)
	if err != nil {
		return false, err
	}
	next, event, due := core.Elapse(request, now)
	if !due {
		return false, nil
	}
	return true, saveMoved(tx, request, next, event, movedAction(event), now)
}

// movedAction is what the audit calls what time did.
func movedAction(event string) string {
	switch event {
	case v1.EventAccessStarted:
		return "access.start"
	case v1.EventAccessEnding:
		return "access.remind"
	case v1.EventAccessEnded:
		return "access.end"
	default:
		return "request.expire"
	}
}

func saveMoved(tx core.Tx, before, next v1.Request, event, action string, now time.Time) error {
	if err := tx.SaveRequest(next); err != nil {
		return err
	}
	if err := emit(tx, event, next, now); err != nil {
		return err
	}
	return audit(tx, aboutRequest(core.Actor{}, action, &before, next), now)
}

// Prune deletes what only served for a while.
func (d *Deadlines) Prune(ctx context.Context) error {
	before := d.Now().Add(-pruneAge)
	for ctx.Err() == nil {
		var gone int64
		err := d.Store.Update(ctx, func(tx core.Tx) (err error) {
			gone, err = tx.Prune(before)
			return err
		})
		if err != nil || gone == 0 {
			return err
		}
	}
	return ctx.Err()
}
