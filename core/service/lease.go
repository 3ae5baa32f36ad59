package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Bounds of what plugins ask of the ledger.
const (
	minLease = time.Second
	maxLease = 5 * time.Minute
	// maxWait bounds how far away a next try or the end of a pause can be.
	maxWait = 24 * time.Hour
	// maxLedgerText bounds each text a plugin stores in the ledger, in bytes.
	maxLedgerText = 2048
)

// The rules of the ledger are functions from a row, an input and a time to the next row and a reply. A row without a
// state does not exist yet.

// claimed decides what the asker may do. The reply's mode says whether the row has changed and has to be stored.
func claimed(row v1.Delivery, claim v1.Claim, pausedUntil, now time.Time) (v1.Delivery, v1.ClaimReply) {
	switch {
	case row.State == v1.DeliveryParked, row.State == v1.DeliveryDropped:
		return row, v1.ClaimReply{Mode: v1.ClaimParked}
	case row.State == v1.DeliveryClaimed && now.Before(row.LeaseUntil):
		return row, busyUntil(row.LeaseUntil, now)
	case row.State == v1.DeliveryPosted && row.ShownVersion >= claim.Version && !claim.Force:
		return row, v1.ClaimReply{Mode: v1.ClaimDone, Key: row.Key, Ref: row.Ref, ShownVersion: row.ShownVersion}
	case row.State == v1.DeliveryRetry && now.Before(row.NextTry):
		return row, busyUntil(row.NextTry, now)
	case now.Before(pausedUntil):
		return row, busyUntil(pausedUntil, now)
	}
	return leased(row, claim, now)
}

func busyUntil(until, now time.Time) v1.ClaimReply {
	return v1.ClaimReply{Mode: v1.ClaimBusy, RetryAfter: v1.Duration(until.Sub(now))}
}

// leased gives the delivery to the asker. Whoever held it before is fenced off by the attempt.
func leased(row v1.Delivery, claim v1.Claim, now time.Time) (v1.Delivery, v1.ClaimReply) {
	if row.State == v1.DeliveryClaimed {
		row.Unsure = true // its holder fell silent, and nobody knows when
	}
	mode := v1.ClaimPost
	switch {
	case row.Ref != "":
		mode = v1.ClaimUpdate
	case row.Unsure:
		mode = v1.ClaimRecover
	}
	if row.FirstTried.IsZero() {
		row.FirstTried = now
	}
	row.State, row.NextTry = v1.DeliveryClaimed, time.Time{}
	row.Attempt++
	row.Owner, row.DestinationName = claim.Owner, claim.DestinationName
	row.LeaseUntil = now.Add(min(max(claim.Lease.Std(), minLease), maxLease))
	return row, v1.ClaimReply{
		Mode: mode, Attempt: row.Attempt, Key: row.Key, FirstTried: row.FirstTried, Ref: row.Ref, ShownVersion: row.ShownVersion,
	}
}

// newDelivery is the row of a delivery that was never claimed. The key is made here, before anything can be sent under it.
func newDelivery(plugin string, key v1.DeliveryKey) (v1.Delivery, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return v1.Delivery{}, fmt.Errorf("making delivery id: %w", err)
	}
	secret, err := uuid.NewRandom()
	if err != nil {
		return v1.Delivery{}, fmt.Errorf("making delivery key: %w", err)
	}
	return v1.Delivery{ID: id.String(), Plugin: plugin, DeliveryKey: key, Key: secret.String()}, nil
}

// recorded notes that the delivery is there. A record whose attempt is not the latest is stale; one that was told before
// changes nothing.
func recorded(row v1.Delivery, record v1.Record) (v1.Delivery, v1.LedgerReply) {
	if row.Attempt != record.Attempt || row.State == "" {
		return row, v1.LedgerReply{Stale: true}
	}
	if row.State != v1.DeliveryClaimed {
		told := row.State == v1.DeliveryPosted && row.Ref == record.Ref && row.ShownVersion == record.Version
		return row, v1.LedgerReply{Stale: !told}
	}
	row.State, row.Ref, row.ShownVersion = v1.DeliveryPosted, record.Ref, record.Version
	row.Unsure, row.LastError, row.LastKind = false, "", ""
	row.LeaseUntil, row.NextTry = time.Time{}, time.Time{}
	return row, v1.LedgerReply{}
}

// failed notes that the delivery was not brought about, and when to try again.
func failed(row v1.Delivery, failure v1.Failure, now time.Time) (v1.Delivery, v1.LedgerReply) {
	if row.Attempt != failure.Attempt || row.State == "" {
		return row, v1.LedgerReply{Stale: true}
	}
	if row.State != v1.DeliveryClaimed {
		told := row.State != v1.DeliveryPosted && row.LastKind == failure.Kind && row.LastError == failure.Error
		return row, v1.LedgerReply{Stale: !told}
	}
	row.Unsure = row.Unsure || !failure.Unsent && row.Ref == ""
	row.LastError, row.LastKind = failure.Error, failure.Kind
	row.LeaseUntil, row.NextTry = time.Time{}, time.Time{}
	if failure.Park {
		row.State = v1.DeliveryParked
		return row, v1.LedgerReply{}
	}
	row.State, row.NextTry = v1.DeliveryRetry, now.Add(bounded(failure.RetryAfter))
	return row, v1.LedgerReply{}
}

func bounded(wait v1.Duration) time.Duration { return min(max(wait.Std(), 0), maxWait) }

// checkDelivery refuses keys that name no delivery.
func checkDelivery(key v1.DeliveryKey) error {
	if _, err := uuid.Parse(key.RequestID); err != nil {
		return core.Refuse(v1.CodeInvalid, "The delivery names no request: %.64q is not an id.", key.RequestID)
	}
	if !knownSlot(key.Slot) {
		return core.Refuse(v1.CodeInvalid, "There is no slot %.64q of a delivery.", key.Slot)
	}
	if key.Destination == "" {
		return core.Refuse(v1.CodeInvalid, "The delivery names no destination.")
	}
	return checkTexts(key.Destination, key.Slot)
}

func knownSlot(slot string) bool {
	switch slot {
	case v1.SlotCard, v1.SlotOutcome, v1.SlotAccessStarted, v1.SlotAccessEnding, v1.SlotOnCall:
		return true
	default:
		return strings.HasPrefix(slot, v1.SlotReviewPrefix) || strings.HasPrefix(slot, v1.SlotAnswerPrefix)
	}
}

func checkTexts(texts ...string) error {
	for _, text := range texts {
		if len(text) > maxLedgerText {
			return core.Refuse(v1.CodeTooLong, "A text for the delivery ledger has %d bytes, the limit is %d.",
				len(text), maxLedgerText)
		}
	}
	return nil
}

// checkClaim refuses claims that make no sense.
func checkClaim(claim v1.Claim) error {
	if err := checkDelivery(claim.DeliveryKey); err != nil {
		return err
	}
	if claim.Owner == "" || claim.Version < 1 {
		return core.Refuse(v1.CodeInvalid, "A claim names its owner and a version from 1.")
	}
	return checkTexts(claim.Owner, claim.DestinationName)
}

// checkRecord refuses records that would be taken for deliveries that were never posted.
func checkRecord(record v1.Record) error {
	if err := checkDelivery(record.DeliveryKey); err != nil {
		return err
	}
	if record.Ref == "" || record.Version < 1 {
		return core.Refuse(v1.CodeInvalid, "A record holds the vendor's reference and a version from 1.")
	}
	return checkTexts(record.Ref)
}
