package brokertest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/internal/eventually"
)

// Patience bounds every wait of a test for the broker.
const Patience = 20 * time.Second

// Server is what a broker must offer to be tested. *embedded.Server does.
type Server interface {
	Connect(ctx context.Context, logger *slog.Logger) (*jetstream.Conn, error)
	Address() string
	AddPlugin(name, publicKey string) error
	RemovePlugin(name string) error
	Stop() error
	Resume(ctx context.Context) error
	Close() error
}

// Broker is a running broker as a test needs it.
type Broker struct {
	// Server is the server itself.
	Server Server
	// Core is a connection with all rights.
	Core *jetstream.Conn
	// Dir is the server's directory.
	Dir string

	credentials map[string]broker.Credential
}

// Start starts an embedded broker on a free port of the loopback interface, with streams, the core's consumer and a consumer for
// each of plugins. It ends with the test.
func Start(t testing.TB, plugins ...string) *Broker {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "broker")
	server, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, Listen: "127.0.0.1:0", Logger: Logger(t)})
	if err != nil {
		t.Fatalf("starting the broker: %v", err)
	}
	return New(t, server, dir, plugins...)
}

// New takes over a running server, whose directory is dir, and sets it up as Start says. The server ends with the test.
func New(t testing.TB, server Server, dir string, plugins ...string) *Broker {
	t.Helper()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing the broker: %v", err)
		}
	})
	b := &Broker{Server: server, Dir: dir, credentials: make(map[string]broker.Credential)}
	b.Core = b.connectCore(t)
	for _, plugin := range plugins {
		b.AddPlugin(t, plugin)
	}
	b.Ensure(t)
	return b
}

func (b *Broker) connectCore(t testing.TB) *jetstream.Conn {
	t.Helper()
	conn, err := b.Server.Connect(t.Context(), Logger(t))
	if err != nil {
		t.Fatalf("connecting the core: %v", err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// Logger drops what is logged. Tests that look at logs bring their own.
func Logger(testing.TB) *slog.Logger { return slog.New(slog.DiscardHandler) }

// AddPlugin registers a plugin and returns its credential.
func (b *Broker) AddPlugin(t testing.TB, name string) broker.Credential {
	t.Helper()
	credential, publicKey, err := broker.NewCredential(name, b.Server.Address())
	if err != nil {
		t.Fatalf("making a credential: %v", err)
	}
	if err := b.Server.AddPlugin(name, publicKey); err != nil {
		t.Fatalf("adding plugin: %v", err)
	}
	b.credentials[name] = credential
	return credential
}

// Credential returns the credential of a plugin added before.
func (b *Broker) Credential(t testing.TB, name string) broker.Credential {
	t.Helper()
	credential, ok := b.credentials[name]
	if !ok {
		t.Fatalf("plugin %q was not added", name)
	}
	return credential
}

// Plugin connects one replica of a plugin over TCP. It ends with the test.
func (b *Broker) Plugin(t testing.TB, name string) *jetstream.Conn {
	t.Helper()
	conn, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: b.Credential(t, name), Logger: Logger(t)})
	if err != nil {
		t.Fatalf("connecting plugin %q: %v", name, err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// Ensure sets up the streams, the core's consumer and one consumer per plugin, as the core does.
func (b *Broker) Ensure(t testing.TB) {
	t.Helper()
	consumers := []broker.Consumer{broker.ActionConsumer()}
	for name := range b.credentials {
		consumers = append(consumers, broker.PluginConsumer(name))
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := b.Core.Ensure(ctx, broker.Streams(), consumers); err != nil {
		t.Fatalf("setting up the broker: %v", err)
	}
}

// Restart stops the server and starts it again on the same port and directory. It returns when the core's connection
// is back.
func (b *Broker) Restart(t testing.TB) {
	t.Helper()
	b.Stop(t)
	b.Resume(t)
}

// Wipe is Restart with everything lost in between. Streams and consumers are gone until Ensure.
func (b *Broker) Wipe(t testing.TB) {
	t.Helper()
	b.Stop(t)
	if err := os.RemoveAll(b.Dir); err != nil {
		t.Fatalf("wiping the broker: %v", err)
	}
	b.Resume(t)
}

// Stop stops the server and returns when the core's connection knows.
func (b *Broker) Stop(t testing.TB) {
	t.Helper()
	if err := b.Server.Stop(); err != nil {
		t.Fatalf("stopping the broker: %v", err)
	}
	eventually.True(t, Patience, "the core to notice", func() bool { return b.Core.Ready() != nil })
}

// Resume starts a stopped server and waits until the core's connection is back.
func (b *Broker) Resume(t testing.TB) {
	t.Helper()
	if err := b.Server.Resume(context.Background()); err != nil {
		t.Fatalf("starting the broker again: %v", err)
	}
	eventually.NoError(t, Patience, "the core to be connected", b.Core.Ready)
}
