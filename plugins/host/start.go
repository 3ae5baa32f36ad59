package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/accede/accede/broker"
	"github.com/accede/accede/broker/jetstream"
	"github.com/accede/accede/internal/httpx"
	"github.com/accede/accede/internal/obs"
	"github.com/accede/accede/internal/version"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

var _ Broker = (*jetstream.Conn)(nil)

// start runs the plugin until ctx ends or it cannot go on.
func (p program) start(ctx context.Context, c loaded) error {
	logger, err := obs.NewLogger(p.env.Stderr, obs.LogOptions{Level: c.settings.Log.Level, Format: c.settings.Log.Format})
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	failpoint, err := p.failpoints(logger)
	if err != nil {
		return err
	}
	credential, err := p.credential(c.settings)
	if err != nil {
		return err
	}
	// Listening comes before connecting: a wrong address should not look like a broker problem.
	listener, err := p.listen(ctx, c.settings)
	if err != nil {
		return err
	}
	conn, err := jetstream.Connect(ctx, jetstream.Options{Credential: credential, Logger: logger})
	if err != nil {
		return errors.Join(err, closeListener(listener))
	}
	defer conn.Close()
	return p.serve(ctx, c, credential, conn, listener, failpoint, logger)
}

func (p program) failpoints(logger *slog.Logger) (func(string), error) {
	value := p.env.Getenv(FailpointVariable)
	if value != "" {
		logger.Warn("this process will kill itself at random: "+FailpointVariable+" is set, which is for tests only", "value", value)
	}
	return parseFailpoints(value, killSelf)
}

func (program) listen(ctx context.Context, settings Settings) (net.Listener, error) {
	if settings.HTTP.Listen == "" {
		return nil, nil //nolint:nilnil // no listener is wanted
	}
	return httpx.Listen(ctx, settings.HTTP.Listen.String())
}

func closeListener(listener net.Listener) error {
	if listener == nil {
		return nil
	}
	return listener.Close()
}

// serve puts the host together on a connection and runs it with its HTTP side.
func (p program) serve(ctx context.Context, c loaded, credential broker.Credential, conn *jetstream.Conn,
	listener net.Listener, failpoint func(string), logger *slog.Logger,
) error {
	registry := obs.NewRegistry(version.String())
	h, err := New(ctx, p.options(c, credential, conn, failpoint, registry, logger))
	if err != nil {
		return errors.Join(err, closeListener(listener))
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	served := make(chan error, 1)
	go func() { served <- p.serveHTTP(ctx, listener, h, registry, logger, stop) }()
	go watchBroker(ctx, conn, stop)
	logger.Info("plugin started", "plugin", p.spec.Name, "replica", h.replica, "version", version.String(), "broker", credential.Broker)
	err = h.Run(ctx)
	err = errors.Join(cause(ctx), err, <-served)
	logger.Info("plugin stopped", "plugin", p.spec.Name, "err", err)
	return err
}

// watchBroker stops the process when the broker refuses the credential for good: whoever starts it again will be told.
func watchBroker(ctx context.Context, conn *jetstream.Conn, stop context.CancelCauseFunc) {
	select {
	case <-ctx.Done():
	case <-conn.Closed():
		stop(conn.Ready())
	}
}

// cause is why the process stops, nil if it was asked to.
func cause(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (program) serveHTTP(ctx context.Context, listener net.Listener, h *Host, registry *prometheus.Registry,
	logger *slog.Logger, stop context.CancelCauseFunc,
) error {
	if listener == nil {
		return nil
	}
	err := httpx.Serve(ctx, listener, h.Handler(registry), logger)
	if err != nil {
		stop(err)
	}
	return err
}

func (p program) options(c loaded, credential broker.Credential, conn *jetstream.Conn, failpoint func(string),
	registry prometheus.Registerer, logger *slog.Logger,
) Options {
	requests := newVendorRequests(registry, p.spec.Name)
	return Options{
		Spec: p.spec, Settings: c.settings, Vendor: c.vendor, Broker: conn, Ready: conn.Ready, Reconnected: conn.Reconnected(),
		// All replicas share the credential, and so each can open what another has sealed.
		Sign: credential.Sign, Seal: plugins.NewSealer([]byte(credential.ButtonKey)),
		HTTP:   vendorhttp.New(vendorhttp.Options{Observe: requests.observe}),
		Logger: logger, Registry: registry, Replica: replicaName(), Failpoint: failpoint,
	}
}

// replicaName is unique to this process: a process that starts anew must not be taken for the one that died.
func replicaName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "-" + uuid.NewString()[:8]
}

// check reports everything that is wrong, at the vendor too, and fails if anything has to be mended.
func (p program) check(ctx context.Context, c loaded) error {
	logger, err := obs.NewLogger(p.env.Stderr, obs.LogOptions{Level: "error"})
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	credential, err := p.credential(c.settings)
	if err != nil {
		return err
	}
	h, err := New(ctx, Options{
		Spec: p.spec, Settings: c.settings, Vendor: c.vendor, Sign: credential.Sign,
		Seal: plugins.NewSealer([]byte(credential.ButtonKey)), HTTP: vendorhttp.New(vendorhttp.Options{}),
		Logger: logger, Replica: replicaName(),
	})
	if err != nil {
		return err
	}
	findings := append(checkBroker(ctx, credential), h.Check(ctx)...)
	return errors.Join(p.printFindings(findings), h.close())
}

// checkBroker tries the credential.
func checkBroker(ctx context.Context, credential broker.Credential) []plugins.Finding {
	conn, err := jetstream.Connect(ctx, jetstream.Options{Credential: credential, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return []plugins.Finding{{What: err.Error(), Fix: "compare broker.credential_file and broker.address"}}
	}
	defer conn.Close()
	if err := conn.Ready(); err != nil {
		return []plugins.Finding{{What: err.Error(), Fix: "start acceded, or mend broker.address"}}
	}
	return nil
}

func (p program) printFindings(findings []plugins.Finding) error {
	wrong := 0
	for _, finding := range findings {
		mark := "WRONG  "
		if finding.Warning {
			mark = "NOTE   "
		} else {
			wrong++
		}
		_, _ = fmt.Fprintf(p.env.Stdout, "%s%s\n       %s\n", mark, finding.What, finding.Fix) // nobody is left to tell
	}
	if wrong > 0 {
		return fmt.Errorf("%d to mend", wrong)
	}
	p.print("Everything that was looked at is right.\n")
	return nil
}
