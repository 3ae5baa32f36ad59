package jetstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/accede/accede/broker"
)

const (
	connectTimeout = 3 * time.Second
	// Two unanswered pings end a connection, so a half-open one is noticed within 30 s.
	pingInterval     = 10 * time.Second
	pingsOutstanding = 2
	// Attempts to reconnect are up to maxReconnectWait apart, longer each time and at random, so that the replicas of an
	// installation don't all knock at the same instant.
	minReconnectWait = 100 * time.Millisecond
	maxReconnectWait = 2 * time.Second
	drainTimeout     = 5 * time.Second
)

// Options say where to connect and as whom.
type Options struct {
	// Credential says who connects and, unless Dial is set, where to. A credential without a plugin's name is the core's.
	Credential broker.Credential
	// Name is what the broker's operator sees; the plugin's name by default.
	Name string
	// Dial opens a connection to a broker in the same process instead of going over the network.
	Dial func() (net.Conn, error)
	// TLS encrypts the connection; nil means as the address says (tls:// or what the broker insists on).
	TLS *tls.Config
	// Logger receives warnings about the connection; nil discards them.
	Logger *slog.Logger
}

// inProcess lets nats.go dial through a function.
type inProcess func() (net.Conn, error)

// InProcessConn opens a connection.
func (dial inProcess) InProcessConn() (net.Conn, error) { return dial() }

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = o.Credential.Plugin
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// address is what messages call the broker.
func (o Options) address() string {
	if o.Dial != nil {
		return "the broker in this process"
	}
	return o.Credential.Broker
}

// apiPrefix is where the broker answers JetStream requests. A plugin lives in an account of its own, into which the
// embedded broker imports just its own consumer's requests under [PluginAPIPrefix].
func (o Options) apiPrefix() string {
	if o.Credential.Plugin == "" {
		return CoreAPIPrefix
	}
	return PluginAPIPrefix
}

// inboxPrefix keeps the answers to different plugins apart.
func (o Options) inboxPrefix() string {
	if o.Credential.Plugin == "" {
		return "_INBOX"
	}
	return InboxPrefix(o.Credential.Plugin)
}

func (o Options) natsOptions() ([]nats.Option, error) {
	authenticate, err := signer(o.Credential)
	if err != nil {
		return nil, err
	}
	list := []nats.Option{
		authenticate,
		nats.Name(o.Name),
		nats.Timeout(connectTimeout),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsOutstanding),
		nats.MaxReconnects(-1),
		// Without a buffer a publish fails at once while disconnected instead of pretending.
		nats.ReconnectBufSize(-1),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.CustomInboxPrefix(o.inboxPrefix()),
		nats.DrainTimeout(drainTimeout),
	}
	if o.Dial != nil {
		list = append(list, nats.InProcessServer(inProcess(o.Dial)))
	}
	if o.TLS != nil {
		list = append(list, nats.Secure(o.TLS))
	}
	return list, nil
}

// signer answers the broker's challenge. The key pair is rebuilt for each signature so that it is not kept around.
func signer(credential broker.Credential) (nats.Option, error) {
	public, err := credential.PublicKey()
	if err != nil {
		return nil, errors.New("credential has a damaged seed; make a new one with `accede admin plugin add`")
	}
	return nats.Nkey(public, credential.Sign), nil
}

func reconnectDelay(attempts int) time.Duration {
	wait := maxReconnectWait
	if doublings := max(attempts-1, 0); doublings < 5 {
		wait = min(minReconnectWait<<doublings, maxReconnectWait)
	}
	return wait/2 + rand.N(wait/2) //nolint:gosec // spreads load, guards nothing
}

// Connect connects to the broker. When nobody answers it returns a connection that keeps trying and whose Ready says
// why; when the broker refuses the credential it returns an error wrapping [broker.ErrDenied], for trying again cannot
// help. It blocks for at most a few seconds.
func Connect(ctx context.Context, options Options) (*Conn, error) {
	options = options.withDefaults()
	list, err := options.natsOptions()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	conn := newConn(options)
	list = append(list, conn.callbacks()...)
	client, err := nats.Connect(options.Credential.Broker, list...)
	switch {
	case err == nil:
		conn.up(false)
	case isRefused(err):
		return nil, conn.refused(err)
	case errors.Is(err, nats.ErrNoServers), isNetwork(err):
		client, err = conn.keepTrying(options.Credential.Broker, list, err)
	}
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", options.address(), err)
	}
	return conn, conn.use(client)
}

// keepTrying returns a client that connects in the background.
func (c *Conn) keepTrying(address string, list []nats.Option, reason error) (*nats.Conn, error) {
	c.noteProblem(reason)
	c.logger.Warn("broker does not answer; trying on", "broker", c.address, "err", reason)
	list = append(list,
		nats.RetryOnFailedConnect(true),
		nats.ConnectHandler(func(*nats.Conn) { c.up(true) }),
	)
	return nats.Connect(address, list...)
}

func isNetwork(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrConnectionClosed)
}
