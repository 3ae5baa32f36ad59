package service

import (
	"context"
	"errors"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Ledger keeps what was put where, so that many replicas put it there once. Its replies are sent after they are on disk.
type Ledger struct {
	Store core.Store
	Now   func() time.Time
}

// Claim gives a replica the right to bring one delivery to a version, or says why not.
func (l *Ledger) Claim(ctx context.Context, plugin string, claim v1.Claim) (reply v1.ClaimReply, err error) {
	if err := checkClaim(claim); err != nil {
		return v1.ClaimReply{}, err
	}
	err = l.Store.Update(ctx, func(tx core.Tx) error {
		if _, err := tx.Plugin(plugin); err != nil {
			return missing(err, "plugin", plugin)
		}
		row, err := l.row(tx, plugin, claim.DeliveryKey)
		if err != nil {
			return err
		}
		paused, err := tx.Pause(plugin, claim.Destination)
		if err != nil {
			return err
		}
		row, reply = claimed(row, claim, paused, l.now())
		if !reply.Mode.Leased() {
			return nil
		}
		return tx.SaveDelivery(row)
	})
	return reply, err
}

// row reads a delivery, or makes the first state of one that is not there.
func (*Ledger) row(tx core.Tx, plugin string, key v1.DeliveryKey) (v1.Delivery, error) {
	row, err := tx.Delivery(plugin, key)
	if errors.Is(err, core.ErrNotFound) {
		return newDelivery(plugin, key)
	}
	return row, err
}

// Record ends a claim with what it brought about.
func (l *Ledger) Record(ctx context.Context, plugin string, record v1.Record) (reply v1.LedgerReply, err error) {
	if err := checkRecord(record); err != nil {
		return v1.LedgerReply{}, err
	}
	err = l.Store.Update(ctx, func(tx core.Tx) error {
		row, err := l.row(tx, plugin, record.DeliveryKey)
		if err != nil {
			return err
		}
		next, answer := recorded(row, record)
		reply = answer
		return saveChanged(tx, row, next)
	})
	return reply, err
}

// Fail ends a claim that brought nothing about.
func (l *Ledger) Fail(ctx context.Context, plugin string, failure v1.Failure) (reply v1.LedgerReply, err error) {
	if err := checkDelivery(failure.DeliveryKey); err != nil {
		return v1.LedgerReply{}, err
	}
	failure.Kind = cut(failure.Kind)
	failure.Error = cut(failure.Error)
	err = l.Store.Update(ctx, func(tx core.Tx) error {
		row, err := l.row(tx, plugin, failure.DeliveryKey)
		if err != nil {
			return err
		}
		now := l.now()
		next, answer := failed(row, failure, now)
		reply = answer
		if next == row {
			return nil
		}
		if failure.PauseDestination {
			if err := extendPause(tx, plugin, failure.Destination, now.Add(bounded(failure.RetryAfter))); err != nil {
				return err
			}
		}
		return tx.SaveDelivery(next)
	})
	return reply, err
}

func saveChanged(tx core.Tx, row, next v1.Delivery) error {
	if next == row {
		return nil
	}
	return tx.SaveDelivery(next)
}

// extendPause never shortens a pause that somebody else has set.
func extendPause(tx core.Tx, plugin, destination string, until time.Time) error {
	paused, err := tx.Pause(plugin, destination)
	if err != nil || !paused.Before(until) {
		return err
	}
	return tx.SavePause(plugin, destination, until)
}

// now is the time as the ledger's rows keep it.
func (l *Ledger) now() time.Time { return l.Now().UTC().Truncate(time.Microsecond) }

// cut shortens a text that is only shown to what a row takes, between characters.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxLedgerText {
		return text
	}
	end := 0
	for at := range text {
		if at > maxLedgerText {
			break
		}
		end = at
	}
	return text[:end]
}
