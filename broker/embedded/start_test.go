package embedded_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/brokertest"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/internal/eventually"
)

func start(t *testing.T, options embedded.Options) *embedded.Server {
	t.Helper()
	server, err := embedded.Start(t.Context(), options)
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return server
}

// occupy listens on a free port.
func occupy(t *testing.T) net.Listener {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	taken := occupy(t)
	t.Cleanup(func() { _ = taken.Close() })
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	used := t.TempDir()
	start(t, embedded.Options{Dir: used})
	_, publicKey, err := broker.NewCredential("slack", "")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		options embedded.Options
		want    string
	}{
		"no directory":         {embedded.Options{}, "needs a directory"},
		"directory is a file":  {embedded.Options{Dir: file}, file + " cannot be made"},
		"directory is in use":  {embedded.Options{Dir: used}, used + " is in use by another acceded"},
		"port is in use":       {embedded.Options{Listen: taken.Addr().String()}, taken.Addr().String() + " is in use by another process"},
		"foreign address":      {embedded.Options{Listen: "192.0.2.1:4222"}, "does not belong to this machine"},
		"address without port": {embedded.Options{Listen: "127.0.0.1"}, "not of the form host:port"},
		"port is not a number": {embedded.Options{Listen: "127.0.0.1:nats"}, "not of the form host:port"},
		"port is too high":     {embedded.Options{Listen: "127.0.0.1:70000"}, "not of the form host:port"},
		"plugin's name":        {embedded.Options{Plugins: map[string]string{"sl.ack": publicKey}}, `"sl.ack": not a plugin's name`},
		"plugin's key":         {embedded.Options{Plugins: map[string]string{"slack": "U123"}}, `"slack": not a public key`},
		"one key twice":        {embedded.Options{Plugins: map[string]string{"slack": publicKey, "jira": publicKey}}, "its key is that of plugin"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.options.Dir == "" && name != "no directory" {
				test.options.Dir = t.TempDir()
			}
			_, err := embedded.Start(t.Context(), test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

// A failed start leaves nothing behind that would keep a second one from working.
func TestStartAfterFailedStart(t *testing.T) {
	t.Parallel()
	taken := occupy(t)
	options := embedded.Options{Dir: t.TempDir(), Listen: taken.Addr().String()}
	if _, err := embedded.Start(t.Context(), options); err == nil {
		t.Fatal("started on a port that is in use")
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, options)
}

func TestStartUnderDeadContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := embedded.Start(ctx, embedded.Options{Dir: t.TempDir()}); err == nil {
		t.Error("started")
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, embedded.Options{Dir: dir})
	for range 2 {
		if err := first.Close(); err != nil {
			t.Fatalf("closing: %v", err)
		}
	}
	start(t, embedded.Options{Dir: dir})
}

// What was stored is there for the next server on the directory, which may be that of a newer process.
func TestDirectoryOutlivesServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	message := broker.Message{Subject: broker.EventSubject("r1"), ID: "one", Data: []byte("one")}
	for range 2 {
		server := start(t, embedded.Options{Dir: dir})
		core, err := server.Connect(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := core.Ensure(t.Context(), broker.Streams(), []broker.Consumer{broker.ActionConsumer()}); err != nil {
			t.Fatal(err)
		}
		if err := core.Publish(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		state, err := core.StreamState(t.Context(), broker.EventStream)
		if err != nil || state.LastSeq != 1 {
			t.Errorf("state is %+v, %v, want one message", state, err)
		}
		core.Close()
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadyKnowsWhetherItRuns(t *testing.T) {
	t.Parallel()
	server := start(t, embedded.Options{Dir: t.TempDir()})
	if err := server.Ready(); err != nil {
		t.Errorf("running: %v", err)
	}
	if err := server.Resume(t.Context()); err == nil {
		t.Error("a running server was started again")
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := server.Ready(); err == nil {
		t.Error("stopped, but ready")
	}
}

func TestConfirmedMeansOnDisk(t *testing.T) {
	t.Parallel()
	if !start(t, embedded.Options{Dir: t.TempDir()}).SyncsAlways() {
		t.Error("the server confirms what may be lost with the power")
	}
}

func TestDirectoryIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "broker")
	start(t, embedded.Options{Dir: dir})
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("directory has mode %o, want 700", got)
	}
}

func TestPluginsGivenAtStartMayConnect(t *testing.T) {
	t.Parallel()
	credential, publicKey, err := broker.NewCredential("slack", "")
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, embedded.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Plugins: map[string]string{"slack": publicKey},
	})
	credential.Broker = server.Address()
	conn, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: credential})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	conn.Close()
}

func TestLogNamesNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	known, publicKey, err := broker.NewCredential("slack", "")
	if err != nil {
		t.Fatal(err)
	}
	server, err := embedded.Start(t.Context(), embedded.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Plugins: map[string]string{"slack": publicKey}, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	unknown, _, err := broker.NewCredential("slack", server.Address())
	if err != nil {
		t.Fatal(err)
	}
	known.Broker = server.Address()
	_, refusal := jetstream.Connect(t.Context(), jetstream.Options{Credential: unknown, Logger: logger})
	conn, err := jetstream.Connect(t.Context(), jetstream.Options{Credential: known, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	_, denial := conn.Call(t.Context(), broker.CallSubject("jira", broker.MethodClaim), []byte("very private question"))
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, brokertest.Patience, "the loss to be logged", func() bool { return conn.Ready() != nil })
	conn.Close()
	said := log.String() + refusal.Error() + denial.Error()
	for _, secret := range []string{string(known.Seed), string(unknown.Seed), "very private question"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q shows in %s", secret, said)
		}
	}
	if !strings.Contains(log.String(), "authentication error") {
		t.Errorf("the refusal is not in the log: %s", log.String())
	}
}
