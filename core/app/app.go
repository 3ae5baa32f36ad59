package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/embedded"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/store/sqlite"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/obs"
	"github.com/accede/accede/internal/process"
	"github.com/accede/accede/internal/version"
)

// App is a whole core.
type App struct {
	config   *Config
	logger   *slog.Logger
	now      func() time.Time
	registry *prometheus.Registry
	stopper  process.Stopper

	store    core.Store
	server   *embedded.Server
	conn     *jetstream.Conn
	service  *service.Service
	relay    *service.Relay
	resync   *service.Resync
	monitor  *service.PluginMonitor
	listener net.Listener
	handler  http.Handler
	// failed receives the first error of a part that ended by itself.
	failed chan error
}

// New opens the store, starts the broker and listens, and serves nobody yet. What it took is given back if it fails.
func New(ctx context.Context, config *Config, logger *slog.Logger) (*App, error) {
	a := &App{
		config: config, logger: logger, now: clock.System{}.Now, registry: obs.NewRegistry(version.String()),
		failed: make(chan error, 1),
	}
	if err := a.assemble(ctx); err != nil {
		return nil, joinStop(err, a.stopper.Stop(ctx))
	}
	return a, nil
}

func (a *App) assemble(ctx context.Context) error {
	for _, part := range []func(context.Context) error{a.openStore, a.startBroker, a.makeService, a.listen, a.bootstrap} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func joinStop(err, stop error) error {
	if stop == nil {
		return err
	}
	return fmt.Errorf("%w; and while stopping: %w", err, stop)
}

// URL is the address under which people reach the core.
func (a *App) URL() string {
	if a.config.HTTP.PublicURL != "" {
		return string(a.config.HTTP.PublicURL)
	}
	return "http://" + a.listener.Addr().String()
}

func (a *App) openStore(ctx context.Context) error {
	store, err := sqlite.Open(ctx, sqlite.Options{Dir: a.config.DataDir, Logger: a.logger})
	if err != nil {
		return err
	}
	a.store = store
	return a.stopper.Add(ctx, "store", func(context.Context) error { return store.Close() })
}

func (a *App) startBroker(ctx context.Context) error {
	keys, err := a.pluginKeys(ctx)
	if err != nil {
		return err
	}
	a.server, err = embedded.Start(ctx, embedded.Options{
		Dir: a.config.brokerDir(), Listen: a.config.Broker.Listen, Plugins: keys, Logger: a.logger,
	})
	if err != nil {
		return err
	}
	if err := a.stopper.Add(ctx, "broker", func(context.Context) error { return a.server.Close() }); err != nil {
		return err
	}
	a.conn, err = a.server.Connect(ctx, a.logger)
	if err != nil {
		return err
	}
	err = a.stopper.Add(ctx, "connection to the broker", func(context.Context) error {
		a.conn.Close()
		return nil
	})
	if err != nil {
		return err
	}
	return a.ensureTopology(ctx)
}

func (a *App) pluginKeys(ctx context.Context) (map[string]string, error) {
	keys := map[string]string{}
	err := a.store.View(ctx, func(reader core.Reader) error {
		plugins, err := reader.Plugins()
		for _, plugin := range plugins {
			keys[plugin.Name] = plugin.PublicKey
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the registered plugins: %w", err)
	}
	return keys, nil
}

// ensureTopology sets up every stream and consumer, also after the broker has lost its directory.
func (a *App) ensureTopology(ctx context.Context) error {
	keys, err := a.pluginKeys(ctx)
	if err != nil {
		return err
	}
	consumers := []broker.Consumer{broker.ActionConsumer()}
	for name := range keys {
		consumers = append(consumers, broker.PluginConsumer(name))
	}
	return a.conn.Ensure(ctx, broker.Streams(), consumers)
}

func (a *App) streamState(ctx context.Context) (service.StreamState, error) {
	state, err := a.conn.StreamState(ctx, broker.EventStream)
	return service.StreamState{Created: state.Created, LastSequence: state.LastSeq}, err
}

func (a *App) makeService(context.Context) (err error) {
	a.monitor = &service.PluginMonitor{Now: a.now}
	a.resync = &service.Resync{Store: a.store, Now: a.now}
	a.relay = service.NewRelay()
	a.relay.Store, a.relay.Publisher, a.relay.Stream, a.relay.Ensure = a.store, a.conn, a.streamState, a.ensureTopology
	a.relay.Resync, a.relay.Now, a.relay.Logger = a.resync, a.now, a.logger
	a.service, err = service.New(service.Options{
		Store: a.store, Now: a.now, Logger: a.logger, Gate: gate{a.server, a.conn}, Replicas: a.monitor.Replicas,
		Wake: a.relay.Wake, BrokerAddress: a.brokerAddress(), SessionTTL: a.config.SessionTTL.Std(),
		NoPasswords: !a.config.SignIn.Passwords, Provider: a.config.SignIn.OIDC.rules(),
	})
	return err
}

func (a *App) brokerAddress() string {
	if a.config.Broker.Advertise != "" {
		return string(a.config.Broker.Advertise)
	}
	return a.server.Address()
}

func (a *App) listen(ctx context.Context) error {
	var err error
	if a.handler, err = a.routes(ctx); err != nil {
		return err
	}
	a.handler = httpx.Forwarded(a.config.HTTP.trusted(), a.handler)
	a.listener, err = httpx.Listen(ctx, a.config.HTTP.Listen)
	if err != nil {
		return fmt.Errorf("%w; is another core running? http.listen in the configuration names the address", err)
	}
	return a.stopper.Add(ctx, "listener", func(context.Context) error {
		_ = a.listener.Close() // the HTTP server closes it first when it ran
		return nil
	})
}

func (a *App) health() *obs.Health {
	health := &obs.Health{}
	health.Add("store", func(ctx context.Context) error {
		return a.store.View(ctx, func(reader core.Reader) error {
			_, err := reader.PolicyVersion()
			return err
		})
	})
	health.Add("broker", func(context.Context) error { return a.conn.Ready() })
	return health
}

// worker is a part that runs until its context ends.
type worker struct {
	name string
	run  func(context.Context) error
}

func (a *App) workers() []worker {
	calls := &service.Calls{
		Server: a.conn, Store: a.store, Ledger: &service.Ledger{Store: a.store, Now: a.now}, Resync: a.resync,
		Monitor: a.monitor, Duties: &service.Duties{Now: a.now}, Touched: a.service.Touched, Now: a.now, Logger: a.logger, Version: version.String(), PublicURL: string(a.config.HTTP.PublicURL),
	}
	inbox := &service.Inbox{
		Subscriber: a.conn, Store: a.store, Send: a.conn.Send, Decide: a.service.Decide, Touched: a.service.Touched,
		Now: a.now, Logger: a.logger,
	}
	deadlines := &service.Deadlines{Store: a.store, Now: a.now, Touched: a.service.Touched, Logger: a.logger}
	return []worker{
		{"relay", a.relay.Run},
		{"calls", calls.Run},
		{"inbox", inbox.Run},
		{"deadlines", deadlines.Run},
		{"reconnects", a.followReconnects},
		{"HTTP", a.serve},
	}
}

func (a *App) serve(ctx context.Context) error {
	return httpx.Serve(ctx, a.listener, a.handler, a.logger)
}

func (a *App) followReconnects(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.conn.Reconnected():
			a.relay.Reconnected()
		}
	}
}

// Run serves until ctx ends or a part fails, then stops everything in reverse: HTTP first, so that nothing new comes
// in; then the workers, so that what was begun is finished; then broker and store.
func (a *App) Run(ctx context.Context) error {
	for _, w := range a.workers() {
		if err := a.start(ctx, w); err != nil {
			return joinStop(err, a.stopper.Stop(ctx))
		}
	}
	a.logger.InfoContext(ctx, "accede is up", "url", a.URL(), "broker", a.server.Address(), "version", version.String())
	var failure error
	select {
	case <-ctx.Done():
		a.logger.InfoContext(ctx, "stopping")
	case failure = <-a.failed:
	}
	return joinStop(failure, a.stopper.Stop(ctx))
}

// start runs a worker in the background. Workers do not see the end of ctx; they are stopped in order.
func (a *App) start(ctx context.Context, w worker) error {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() {
		err := w.run(running)
		if err == nil || running.Err() != nil {
			return
		}
		select {
		case a.failed <- fmt.Errorf("running %s: %w", w.name, err):
		default:
		}
	})
	return a.stopper.Add(ctx, w.name, func(context.Context) error {
		cancel()
		group.Wait()
		return nil
	})
}
