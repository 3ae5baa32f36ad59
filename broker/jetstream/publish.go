package jetstream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accede/accede/broker"
)

const (
	// publishTimeout bounds a publish whose context has no deadline.
	publishTimeout = 5 * time.Second
	// publishWindow bounds the messages sent and not yet confirmed. It is far below what nats.go would hold back.
	publishWindow = 256
)

// Publish stores messages, several at a time in order. Without a deadline in ctx it waits for at most five seconds per
// 256 messages. The error wraps [broker.ErrUnavailable] when trying again makes sense and [broker.ErrDenied] when the
// credential does not allow it.
func (c *Conn) Publish(ctx context.Context, messages ...broker.Message) error {
	for len(messages) > 0 {
		window := messages[:min(len(messages), publishWindow)]
		if err := c.publishWindow(ctx, window); err != nil {
			return err
		}
		messages = messages[len(window):]
	}
	return nil
}

func (c *Conn) publishWindow(ctx context.Context, messages []broker.Message) error {
	ctx, stop, err := c.waiting(ctx, publishTimeout, messages[0].Subject)
	if err != nil {
		return translate(ctx, "publishing", err)
	}
	defer stop()
	if len(messages) == 1 {
		_, err := c.js.PublishMsg(ctx, encode(messages[0]))
		return translate(ctx, "publishing to "+messages[0].Subject, err)
	}
	return c.publishMany(ctx, messages)
}

// publishMany sends all messages before it waits for the first confirmation. A message is not sent after the connection
// was lost in between, nor sent again by the client, since that would put it behind its successors.
func (c *Conn) publishMany(ctx context.Context, messages []broker.Message) error {
	pending := make([]jetstream.PubAckFuture, 0, len(messages))
	for _, message := range messages {
		if err := ctx.Err(); err != nil {
			return translate(ctx, "publishing to "+message.Subject, err)
		}
		future, err := c.js.PublishMsgAsync(encode(message), jetstream.WithRetryAttempts(0))
		if err != nil {
			return translate(ctx, "publishing to "+message.Subject, err)
		}
		pending = append(pending, future)
	}
	for i, future := range pending {
		if err := confirm(ctx, future); err != nil {
			return translate(ctx, fmt.Sprintf("publishing to %s, message %d of %d", messages[i].Subject, i+1, len(messages)), err)
		}
	}
	return nil
}

func confirm(ctx context.Context, future jetstream.PubAckFuture) error {
	select {
	case <-future.Ok():
		return nil
	case err := <-future.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func encode(message broker.Message) *nats.Msg {
	msg := nats.NewMsg(message.Subject)
	msg.Data = message.Data
	if message.ID != "" {
		msg.Header.Set(jetstream.MsgIDHeader, message.ID)
	}
	return msg
}

// waiting returns a context for waiting on an answer to what is sent to subject. It ends with ctx, after limit when ctx
// has no deadline, when the connection is lost, and when the broker refuses the subject; its cause says which.
func (c *Conn) waiting(ctx context.Context, limit time.Duration, subject string) (context.Context, func(), error) {
	session := c.currentSession()
	if !session.isOnline() {
		return ctx, nil, c.Ready()
	}
	timed, stopTimer := ctx, context.CancelFunc(func() {})
	if _, ok := ctx.Deadline(); !ok {
		timed, stopTimer = context.WithTimeoutCause(ctx, limit, errQuiet)
	}
	waiting, cancel := context.WithCancelCause(timed)
	stopLoss := context.AfterFunc(session.ctx, func() { cancel(errLost) })
	forget := c.denials.watch(subject, cancel)
	return waiting, func() {
		forget()
		stopLoss()
		cancel(nil)
		stopTimer()
	}, nil
}
