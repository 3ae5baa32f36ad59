package embedded

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/jetstream"
)

const (
	startTimeout = 10 * time.Second
	stopTimeout  = 10 * time.Second
	// authTimeout is how long a client may take to show its credential, in seconds.
	authTimeout = 3
	// Two unanswered pings end a connection, so a half-open one is noticed within 30 s.
	pingInterval     = 10 * time.Second
	pingsOutstanding = 2
	maxPayload       = 1 << 20
	coreAccount      = "ACCEDE"
)

// Options say where and for whom the server runs.
type Options struct {
	// Dir is the server's directory; it is made if it does not exist. One server at a time may use it.
	Dir string
	// Listen is the host:port that plugins connect to, port 0 for any free one; empty for this process only.
	Listen string
	// Plugins maps the names of the registered plugins to their public keys.
	Plugins map[string]string
	// TLS encrypts what plugins send over the network; nil leaves it plain.
	TLS *tls.Config
	// Logger receives the server's warnings and errors; nil discards them.
	Logger *slog.Logger
}

// Server is a broker in this process.
type Server struct {
	options Options
	logger  *slog.Logger
	core    broker.Credential
	guests  *guests

	mu      sync.Mutex
	running *server.Server
	lock    *dirLock
	address string
}

// Start starts a server and returns when it takes connections, after ten seconds at most.
func Start(ctx context.Context, options Options) (*Server, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	core, publicKey, err := broker.NewCredential("", "")
	if err != nil {
		return nil, err
	}
	guests, err := newGuests(publicKey, options.Plugins)
	if err != nil {
		return nil, err
	}
	s := &Server{options: options, logger: options.Logger, core: core, guests: guests}
	if err := s.Resume(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Resume starts a stopped server again, with the same plugins and, when it listens, on the same port. Connections find
// it again by themselves; the core must set up its streams again in case the directory was lost.
func (s *Server) Resume(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return errors.New("starting the broker: it is running already")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("starting the broker: %w", err)
	}
	lock, err := lockDir(s.options.Dir)
	if err != nil {
		return fmt.Errorf("starting the broker: %w", err)
	}
	running, err := s.launch(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("starting the broker: %w", err), lock.release())
	}
	s.running, s.lock, s.address = running, lock, running.ClientURL()
	if s.options.Listen != "" {
		s.options.Listen = running.Addr().String()
	}
	return nil
}

func (s *Server) launch(ctx context.Context) (*server.Server, error) {
	options, err := s.serverOptions()
	if err != nil {
		return nil, err
	}
	running, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("preparing the server: %w", err)
	}
	log := newServerLog(s.logger)
	running.SetLoggerV2(log, false, false, false)
	err = s.guests.moveInto(running)
	if err == nil {
		err = awaitStart(ctx, running, log)
	}
	if err == nil {
		return running, nil
	}
	s.guests.moveOut()
	running.Shutdown()
	running.WaitForShutdown()
	return nil, s.explain(err)
}

// awaitStart waits until the server takes connections or has given up.
func awaitStart(ctx context.Context, running *server.Server, log *serverLog) error {
	started := make(chan struct{})
	go func() {
		running.Start()
		close(started)
	}()
	limit := time.NewTimer(startTimeout)
	defer limit.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fmt.Errorf("it was not ready within %s", startTimeout)
	case <-started:
	}
	select {
	case err := <-log.fatal:
		return err
	default:
	}
	if !running.ReadyForConnections(time.Second) {
		return errors.New("it does not take connections")
	}
	if !running.JetStreamEnabled() {
		return errors.New("it has no storage")
	}
	return nil
}

func (s *Server) serverOptions() (*server.Options, error) {
	options := &server.Options{
		ServerName: "accede",
		DontListen: s.options.Listen == "",
		JetStream:  true, StoreDir: s.options.Dir, SyncAlways: true,
		NoSigs: true, MaxPayload: maxPayload,
		PingInterval: pingInterval, MaxPingsOut: pingsOutstanding,
		AuthTimeout: authTimeout, AlwaysEnableNonce: true, CustomClientAuthentication: s.guests,
		DisableShortFirstPing: true,
	}
	account := fmt.Sprintf("accounts { %s { jetstream: enabled } }", coreAccount)
	if err := options.ProcessConfigString(account); err != nil {
		return nil, fmt.Errorf("setting up the core's account: %w", err)
	}
	if s.options.TLS != nil {
		options.TLS, options.TLSConfig, options.TLSTimeout = true, s.options.TLS, authTimeout
	}
	if s.options.Listen == "" {
		return options, nil
	}
	host, port, err := splitAddress(s.options.Listen)
	if err != nil {
		return nil, err
	}
	options.Host, options.Port = host, port
	return options, nil
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("broker address %q is not of the form host:port", address)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// Address is where plugins connect to, such as nats://127.0.0.1:4222. It means nothing when the server does not listen.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Ready says why the server is of no use right now; nil when it works. It does not block.
func (s *Server) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.running == nil:
		return errors.New("the broker in this process is stopped")
	case !s.running.JetStreamEnabled():
		return fmt.Errorf("the broker cannot store anything in %s any more; see its last errors in the log", s.options.Dir)
	default:
		return nil
	}
}

// Connect connects the core, with full rights and without the network. The connection outlives Stop and Resume.
func (s *Server) Connect(ctx context.Context, logger *slog.Logger) (*jetstream.Conn, error) {
	conn, err := jetstream.Connect(ctx, jetstream.Options{
		Credential: s.core, Name: "core", Dial: s.dial, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("connecting the core: %w", err)
	}
	return conn, nil
}

func (s *Server) dial() (net.Conn, error) {
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	if running == nil {
		return nil, errors.New("the broker in this process is stopped")
	}
	conn, err := running.InProcessConn()
	if err != nil {
		return nil, fmt.Errorf("connecting in process: %w", err)
	}
	return conn, nil
}

// Stop stops the server, so that Resume can start it again, and waits for at most ten seconds. Stopping a stopped
// server does nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return nil
	}
	running, lock := s.running, s.lock
	s.running, s.lock = nil, nil
	stopped := shutDown(running)
	// Not before: whoever reconnects meanwhile must not be told that it is unknown.
	s.guests.moveOut()
	if !stopped {
		return fmt.Errorf("stopping the broker: it did not stop within %s", stopTimeout)
	}
	if err := lock.release(); err != nil {
		return fmt.Errorf("stopping the broker: %w", err)
	}
	return nil
}

// shutDown says whether the server stopped in time. If not, the directory stays locked until the process ends.
func shutDown(running *server.Server) bool {
	done := make(chan struct{})
	go func() {
		running.Shutdown()
		running.WaitForShutdown()
		close(done)
	}()
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// Close stops the server for good.
func (s *Server) Close() error { return s.Stop() }
