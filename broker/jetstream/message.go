package jetstream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accede/accede/broker"
)

// The answers to a message, see https://docs.nats.io/reference/reference-protocols/nats_api_reference#acknowledging-messages.
const (
	ackDone     = "+ACK"
	ackProgress = "+WPI"
)

const (
	// ackAttempts bounds how often an acknowledgement is sent before the message is left to come again.
	ackAttempts = 3
	ackTimeout  = 2 * time.Second
)

func nakAfter(delay time.Duration) string {
	if delay <= 0 {
		return "-NAK"
	}
	return fmt.Sprintf(`-NAK {"delay": %d}`, delay.Nanoseconds())
}

func decode(msg *nats.Msg) (broker.Message, error) {
	metadata, err := msg.Metadata()
	if err != nil {
		return broker.Message{}, fmt.Errorf("reading metadata: %w", err)
	}
	return broker.Message{
		Subject: msg.Subject, ID: msg.Header.Get(jetstream.MsgIDHeader), Data: msg.Data,
		Deliveries: int(metadata.NumDelivered), //nolint:gosec // counts deliveries of one message
		Published:  metadata.Timestamp.UTC(),
	}, nil
}

// send answers without waiting for confirmation; a lost answer means that the message comes again.
func (k *consumption) send(msg *nats.Msg, answer string) {
	if err := k.conn.client.Publish(msg.Reply, []byte(answer)); err != nil {
		k.conn.logger.Debug("answer to a message was not sent", "subject", msg.Subject, "err", err)
	}
}

// acknowledge waits until the broker has stored that the message is done, also while the subscriber is being stopped:
// the work is done, and forgetting that would have it done again.
func (k *consumption) acknowledge(ctx context.Context, msg *nats.Msg) {
	ctx = context.WithoutCancel(ctx)
	var err error
	for range ackAttempts {
		if err = k.acknowledgeOnce(ctx, msg); err == nil {
			return
		}
	}
	k.conn.logger.Warn("message is done but could not be acknowledged; it will come again",
		"stream", k.stream, "consumer", k.consumer, "subject", msg.Subject, "err", err)
}

func (k *consumption) acknowledgeOnce(ctx context.Context, msg *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	session := k.conn.currentSession()
	select {
	case <-session.online:
	case <-session.ctx.Done():
	case <-k.conn.closed:
		return errClosed
	case <-ctx.Done():
		return errQuiet
	}
	//nolint:contextcheck // the session is the connection's life, and ends this wait as well as ctx does
	defer context.AfterFunc(session.ctx, cancel)()
	if _, err := k.conn.client.RequestWithContext(ctx, msg.Reply, []byte(ackDone)); err != nil {
		return fmt.Errorf("acknowledging: %w", err)
	}
	return nil
}
