package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
)

const (
	callTimeout = 5 * time.Second
	// answerQueue is the name under which the core's replicas share calls.
	answerQueue = "core"
	// backlog bounds the messages received and not yet begun; beyond it the client drops them and the caller asks again.
	backlog = 4096
)

// Call asks and waits for the answer, for at most five seconds when ctx has no deadline.
func (c *Conn) Call(ctx context.Context, subject string, data []byte) ([]byte, error) {
	ctx, stop, err := c.waiting(ctx, callTimeout, subject)
	if err != nil {
		return nil, translate(ctx, "calling "+subject, err)
	}
	defer stop()
	answer, err := c.client.RequestWithContext(ctx, subject, data)
	if err != nil {
		return nil, translate(ctx, "calling "+subject, err)
	}
	return answer.Data, nil
}

// Answer answers the calls on subjects that match pattern, at most workers at a time, sharing them with the other
// replicas of the core. It blocks until ctx ends and the answers that had begun are sent.
func (c *Conn) Answer(ctx context.Context, pattern string, workers int, answer broker.Answerer) error {
	calls := make(chan *nats.Msg, backlog)
	subscribe := func() (*nats.Subscription, error) {
		return c.client.ChanQueueSubscribe(pattern, answerQueue, calls)
	}
	return c.subscribed(ctx, "answering "+pattern, pattern, subscribe, workers, func(ctx context.Context) {
		each(ctx, calls, func(msg *nats.Msg) { c.respond(msg, answer(ctx, msg.Subject, msg.Data)) })
	})
}

func (c *Conn) respond(msg *nats.Msg, data []byte) {
	if msg.Reply == "" {
		return
	}
	if err := c.client.Publish(msg.Reply, data); err != nil {
		c.logger.Warn("answer could not be sent", "subject", msg.Subject, "err", err)
	}
}

// Send sends data to whoever listens now. Nothing is stored, and nil does not mean that anybody received it.
func (c *Conn) Send(subject string, data []byte) error {
	if err := c.client.Publish(subject, data); err != nil {
		return translate(context.Background(), "sending to "+subject, err)
	}
	return nil
}

// Listen gives what is sent to subjects matching pattern to receive, one at a time, and blocks until ctx ends and the
// call of receive that had begun is done.
func (c *Conn) Listen(ctx context.Context, pattern string, receive func(subject string, data []byte)) error {
	messages := make(chan *nats.Msg, backlog)
	subscribe := func() (*nats.Subscription, error) { return c.client.ChanSubscribe(pattern, messages) }
	return c.subscribed(ctx, "listening to "+pattern, pattern, subscribe, 1, func(ctx context.Context) {
		each(ctx, messages, func(msg *nats.Msg) { receive(msg.Subject, msg.Data) })
	})
}

func each(ctx context.Context, messages <-chan *nats.Msg, do func(*nats.Msg)) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case msg := <-messages:
			do(msg)
		}
	}
}

// subscribed runs workers on a subscription until ctx ends, the connection is closed or the broker refuses it. The
// client renews the subscription after each reconnect by itself.
func (c *Conn) subscribed(ctx context.Context, doing, pattern string, subscribe func() (*nats.Subscription, error),
	workers int, work func(context.Context),
) error {
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer c.denials.watch(pattern, cancel)()
	subscription, err := subscribe()
	if err != nil {
		return translate(ctx, doing, err)
	}
	var running sync.WaitGroup
	for range workers {
		running.Go(func() { work(working) })
	}
	select {
	case <-c.closed:
		cancel(errClosed)
	case <-working.Done():
	}
	c.unsubscribe(subscription)
	running.Wait()
	return c.whyStopped(ctx, working, doing)
}

// whyStopped returns nil if the caller ended the work, and otherwise what did.
func (c *Conn) whyStopped(asked, working context.Context, doing string) error {
	if asked.Err() != nil {
		return nil
	}
	if cause := context.Cause(working); !errors.Is(cause, errClosed) {
		return translate(working, doing, cause)
	}
	return fmt.Errorf("%s: %w", doing, c.Ready())
}

func (c *Conn) unsubscribe(subscription *nats.Subscription) {
	if err := subscription.Unsubscribe(); err != nil {
		c.logger.Debug("subscription could not be ended", "subject", subscription.Subject, "err", err)
	}
}
