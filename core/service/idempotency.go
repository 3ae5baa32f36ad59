package service

import (
	"context"
	"errors"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Idempotency returns the stored answer to what the actor asked earlier under the same key. The same key for something
// else is refused.
func (s *Service) Idempotency(ctx context.Context, actor core.Actor, key, digest string) (status int, body []byte, found bool, err error) {
	var record core.IdempotencyRecord
	err = s.Store.View(ctx, func(reader core.Reader) error {
		record, err = reader.Idempotency(actor.Person.Name, key)
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return 0, nil, false, nil
	}
	if err != nil {
		return 0, nil, false, storeError(err)
	}
	if record.Digest != digest {
		return 0, nil, false, core.Refuse(v1.CodeIdempotencyConflict,
			"This Idempotency-Key was used for something else already; use a new key for a new request.")
	}
	return record.Status, record.Body, true, nil
}

// SaveIdempotent stores the answer to what the actor asked under a key.
func (s *Service) SaveIdempotent(ctx context.Context, actor core.Actor, key, digest string, status int, body []byte) error {
	record := core.IdempotencyRecord{
		Person: actor.Person.Name, Key: key, Digest: digest, Status: status, Body: body, Created: s.Now(),
	}
	err := s.Store.Update(ctx, func(tx core.Tx) error { return tx.InsertIdempotency(record) })
	if errors.Is(err, core.ErrConflict) {
		return nil
	}
	return storeError(err)
}
