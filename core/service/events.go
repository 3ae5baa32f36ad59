package service

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

// eventSource is the CloudEvents source of every event; together with the event's id it identifies a repeat.
const eventSource = "/accede/core"

// emit adds an event with the request's snapshot to the outbox, in the transaction that changes the request.
func emit(tx core.Tx, kind string, request v1.Request, now time.Time) error {
	return enqueue(tx, kind, request.ID, request.Version, outward(request), now)
}

// outward is a request as plugins and followers see it: the requester's traits only matter to the rules.
func outward(request v1.Request) v1.Request {
	request.RequesterTraits = nil
	return request
}

// emitAnswer adds the result of a decision to the outbox, for a plugin that may have stopped waiting for it.
func emitAnswer(tx core.Tx, answer v1.Answer, now time.Time) error {
	var version int64
	if answer.Result.Request != nil {
		version = answer.Result.Request.Version
	}
	err := enqueue(tx, v1.EventAnswer, answer.Decision.RequestID, version, answer, now)
	if core.CodeOf(err) == v1.CodeTooLong { // the sentence matters, the snapshot comes with the request's own events
		answer.Result.Request = nil
		err = enqueue(tx, v1.EventAnswer, answer.Decision.RequestID, version, answer, now)
	}
	return err
}

func enqueue(tx core.Tx, kind, requestID string, version int64, data any, now time.Time) error {
	relay, err := tx.Relay()
	if err != nil {
		return fmt.Errorf("reading relay state: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making event id: %w", err)
	}
	event, err := v1.NewEvent(id.String(), eventSource, kind, requestID, now, version, data)
	if err != nil {
		return err
	}
	event.Epoch = relay.Epoch
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encoding event: %w", err)
	}
	if len(body) > v1.MaxEventBytes {
		return core.Refuse(v1.CodeTooLong, "The request needs %d bytes as an event, more than the %d that are possible. "+
			"Ask for fewer roles or write shorter reasons.", len(body), v1.MaxEventBytes)
	}
	return tx.AddToOutbox(core.OutboxEntry{
		ID: event.ID, Subject: broker.EventSubject(requestID), Body: body, RequestID: requestID, Created: now,
	})
}
