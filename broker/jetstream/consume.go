package jetstream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accede/accede/broker"
	"github.com/nats-io/nats.go"
)

const (
	// flushTimeout bounds the wait for the broker to have seen the end of a subscription.
	flushTimeout = time.Second
	// defaultAckWait is assumed while the consumer's own cannot be asked.
	defaultAckWait = 15 * time.Second
	// signsPerWait is how many signs of life fit into a consumer's ack wait.
	signsPerWait = 3
)

// consumption is one call of Consume.
type consumption struct {
	conn     *Conn
	stream   string
	consumer string
	handle   broker.Handler
	next     string
	// missing is set while the broker knows no such consumer, so that this is logged once.
	missing atomic.Bool

	mu      sync.Mutex
	ackWait time.Duration
	asked   *session
}

// Consume gives messages of a consumer to handle. Each of its workers asks for one message when it is free, so that no
// message waits in this process while another replica is idle. An acknowledgement is waited for. It returns nil when
// ctx has ended, and an error wrapping [broker.ErrDenied] when the broker refuses.
func (c *Conn) Consume(ctx context.Context, stream, consumer string, workers int, handle broker.Handler) error {
	doing := fmt.Sprintf("consuming %s of %s", consumer, stream)
	consumption := &consumption{
		conn: c, stream: stream, consumer: consumer, handle: handle, next: NextSubject(c.prefix, stream, consumer),
	}
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer c.denials.watch(consumption.next, cancel)()
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			if err := consumption.work(working); err != nil {
				cancel(err)
			}
		})
	}
	select {
	case <-c.closed:
		cancel(errClosed)
	case <-working.Done():
	}
	running.Wait()
	return c.whyStopped(ctx, working, doing)
}

// work handles one message after the other until ctx ends.
func (k *consumption) work(ctx context.Context) error {
	puller, err := newPuller(k)
	if err != nil {
		return err
	}
	defer puller.release()
	for ctx.Err() == nil {
		if msg := puller.wait(ctx); msg != nil {
			k.deal(ctx, msg)
		}
	}
	return nil
}

// deal runs the handler and tells the broker the outcome.
func (k *consumption) deal(ctx context.Context, msg *nats.Msg) {
	message, err := decode(msg)
	if err != nil {
		k.conn.logger.Warn("message without the marks of a consumer ignored", "subject", msg.Subject, "err", err)
		return
	}
	stop := k.showLife(ctx, msg)
	outcome := k.handle(ctx, message)
	stop()
	if outcome.Retry {
		k.send(msg, nakAfter(outcome.Delay))
		return
	}
	k.acknowledge(msg)
}

// showLife keeps the message from being given to somebody else until the returned function is called.
func (k *consumption) showLife(ctx context.Context, msg *nats.Msg) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // a handler may finish after the subscriber is stopped
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(k.patience(ctx) / signsPerWait)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				k.send(msg, ackProgress)
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// patience returns the consumer's ack wait, asking the broker once per connection.
func (k *consumption) patience(ctx context.Context) time.Duration {
	session := k.conn.currentSession()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.asked == session {
		return k.ackWait
	}
	consumer, err := k.conn.consumerInfo(ctx, k.stream, k.consumer)
	if err != nil {
		return defaultAckWait
	}
	k.ackWait, k.asked = consumer.Config.AckWait, session
	return k.ackWait
}

func (k *consumption) noteMissing(reason string) {
	if k.missing.CompareAndSwap(false, true) {
		k.conn.logger.Warn("no messages for now; trying on", "stream", k.stream, "consumer", k.consumer, "err", reason)
	}
}

func (k *consumption) noteFound() {
	if k.missing.CompareAndSwap(true, false) {
		k.conn.logger.Info("receiving messages again", "stream", k.stream, "consumer", k.consumer)
	}
}
