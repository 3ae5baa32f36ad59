package jetstream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
)

const (
	// maxPullers bounds the messages asked for at the same time, which also keeps an idle process quiet.
	maxPullers = 4
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

// Consume gives messages of a consumer to handle. A message is asked for only when a worker is free, so that none waits
// in this process while another replica is idle. An acknowledgement is waited for. After ctx has ended it returns nil
// once the handlers are done and the broker has answered the last requests, which takes it a second; it returns an
// error wrapping [broker.ErrDenied] when the broker refuses.
func (c *Conn) Consume(ctx context.Context, stream, consumer string, workers int, handle broker.Handler) error {
	workers = max(workers, 1)
	consumption := &consumption{
		conn: c, stream: stream, consumer: consumer, handle: handle, next: NextSubject(c.prefix, stream, consumer),
	}
	doing := fmt.Sprintf("consuming %s of %s", consumer, stream)
	pullers, err := consumption.newPullers(min(workers, maxPullers))
	if err != nil {
		return translate(ctx, doing, err)
	}
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer c.denials.watch(consumption.next, cancel)()
	var running sync.WaitGroup
	for range workers {
		running.Go(func() { consumption.work(working, pullers) })
	}
	select {
	case <-c.closed:
		cancel(errClosed)
	case <-working.Done():
	}
	running.Wait()
	return c.whyStopped(ctx, working, doing)
}

// newPullers returns a pool of pullers.
func (k *consumption) newPullers(count int) (chan *puller, error) {
	pullers := make(chan *puller, count)
	for range count {
		puller, err := newPuller(k)
		if err != nil {
			k.retire(pullers)
			return nil, err
		}
		pullers <- puller
	}
	return pullers, nil
}

// work handles one message after the other until ctx ends. A free worker takes a puller, and passes it on to the next
// free worker as soon as it has a message.
func (k *consumption) work(ctx context.Context, pullers chan *puller) {
	for {
		select {
		case <-ctx.Done():
			k.retire(pullers)
			return
		case puller := <-pullers:
			msg := puller.wait(ctx)
			pullers <- puller
			if msg != nil {
				k.deal(ctx, msg)
			}
		}
	}
}

// retire releases the pullers that are in the pool.
func (k *consumption) retire(pullers <-chan *puller) {
	for {
		select {
		case puller := <-pullers:
			puller.release()
		default:
			return
		}
	}
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
	k.acknowledge(ctx, msg)
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
