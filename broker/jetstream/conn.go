package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accede/accede/broker"
)

// Conn is one process's connection to the broker. It is safe for concurrent use.
type Conn struct {
	address string
	plugin  string
	prefix  string
	logger  *slog.Logger

	client *nats.Conn
	js     jetstream.JetStream

	reconnected chan struct{}
	closed      chan struct{}
	denials     denials

	mu      sync.Mutex
	session *session
	problem error
	fatal   error
	closing bool
}

var (
	_ broker.Publisher  = (*Conn)(nil)
	_ broker.Subscriber = (*Conn)(nil)
	_ broker.Caller     = (*Conn)(nil)
)

// session is the time from one loss of the connection to the next. Its context ends when the connection is lost.
type session struct {
	ctx    context.Context //nolint:containedctx // it is the lifetime of the connection, not of a call
	lose   context.CancelFunc
	online chan struct{}
}

func newSession() *session {
	ctx, lose := context.WithCancel(context.Background())
	return &session{ctx: ctx, lose: lose, online: make(chan struct{})}
}

func (s *session) isOnline() bool {
	select {
	case <-s.online:
		return s.ctx.Err() == nil
	default:
		return false
	}
}

func newConn(options Options) *Conn {
	return &Conn{
		address: options.address(), plugin: options.Credential.Plugin, prefix: options.apiPrefix(),
		logger:      options.Logger,
		reconnected: make(chan struct{}, 1),
		closed:      make(chan struct{}),
		session:     newSession(),
		denials:     denials{waiting: make(map[string]map[int]context.CancelCauseFunc)},
	}
}

func (c *Conn) use(client *nats.Conn) error {
	js, err := jetstream.NewWithAPIPrefix(client, c.prefix)
	if err != nil {
		client.Close()
		return fmt.Errorf("preparing the connection: %w", err)
	}
	c.client, c.js = client, js
	return nil
}

func (c *Conn) callbacks() []nats.Option {
	return []nats.Option{
		nats.ReconnectHandler(func(*nats.Conn) { c.up(true) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { c.down(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { c.noteProblem(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.asyncError(err) }),
		nats.ClosedHandler(func(client *nats.Conn) { c.end(client.LastError()) }),
	}
}

func (c *Conn) up(notify bool) {
	c.mu.Lock()
	c.problem = nil
	if !c.session.isOnline() {
		close(c.session.online)
	}
	c.mu.Unlock()
	if !notify {
		return
	}
	c.logger.Info("connected to the broker", "broker", c.address)
	select {
	case c.reconnected <- struct{}{}:
	default:
	}
}

func (c *Conn) down(err error) {
	c.mu.Lock()
	lost := c.session
	c.session = newSession()
	c.problem = err
	closing := c.closing
	c.mu.Unlock()
	lost.lose()
	if !closing {
		c.logger.Warn("lost the connection to the broker; trying on", "broker", c.address, "err", err)
	}
}

func (c *Conn) noteProblem(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problem = err
}

func (c *Conn) asyncError(err error) {
	if subject, ok := deniedSubject(err); ok {
		c.denials.deny(subject)
		c.logger.Warn("broker refused", "subject", subject)
		return
	}
	c.noteProblem(err)
}

// end notes that the client has given up for good: because it was told to, or because the broker refuses the credential.
func (c *Conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fatal = errClosed
	if !c.closing && isRefused(err) {
		c.fatal = c.refused(err)
		c.logger.Error("broker refuses the credential", "broker", c.address, "err", c.fatal)
	}
	close(c.closed)
}

func (c *Conn) currentSession() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// Reconnected yields a value after each time the connection came back, several times in a row counting as one. What
// was sent while it was away may be missing, so the one reader should then ask for what it needs to know.
func (c *Conn) Reconnected() <-chan struct{} { return c.reconnected }

// Closed is closed when the connection is over for good: after Close, or when the broker has refused the credential,
// which Ready then tells apart.
func (c *Conn) Closed() <-chan struct{} { return c.closed }

// Ready says in a person's words why the broker cannot be used right now; nil when it can. It does not block. The
// error wraps [broker.ErrDenied] when the credential is refused, otherwise [broker.ErrUnavailable].
func (c *Conn) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.fatal != nil && errors.Is(c.fatal, broker.ErrDenied):
		return c.fatal
	case c.fatal != nil:
		return fmt.Errorf("%w: %w", broker.ErrUnavailable, c.fatal)
	case c.session.isOnline():
		return nil
	case c.problem != nil && !errors.Is(c.problem, nats.ErrNoServers):
		return fmt.Errorf("%w: no connection to %s (%w); is acceded running there?", broker.ErrUnavailable, c.address, c.problem)
	default:
		return fmt.Errorf("%w: no connection to %s; is acceded running there?", broker.ErrUnavailable, c.address)
	}
}

// Close lets what was begun finish, for at most five seconds, and closes the connection. It may be called twice.
func (c *Conn) Close() {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	if err := c.client.Drain(); err != nil {
		c.client.Close()
	}
	timeout := time.NewTimer(drainTimeout + time.Second)
	defer timeout.Stop()
	select {
	case <-c.closed:
	case <-timeout.C:
		c.client.Close()
	}
}
