package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	stopTimeout       = 10 * time.Second
	maxHeaderBytes    = 64 << 10

	// MaxBody is the largest request body, in bytes, that a handler can read.
	MaxBody = 1 << 20
)

type stoppingKey struct{}

// Stopping returns a channel that closes when the server of this request begins to stop. A handler that streams must
// end its answer then, or it holds the stop up until its connection is cut. For a context that does not come from
// Serve the channel never closes.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(chan struct{})
	return stopping
}

// Listen opens a TCP listener, and says in its error which address was wanted.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", address, err)
	}
	return listener, nil
}

// Serve answers requests on listener until ctx ends, then stops accepting, waits up to ten seconds for the requests in
// flight, cuts those that are left, and returns nil. It blocks until then, closes listener, and returns an error only
// when serving fails or requests had to be cut.
//
// Bodies are limited to MaxBody. An answer must be written within a minute; a handler that streams moves its own
// deadline with http.ResponseController.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger) error {
	// Requests outlive the context that stops the server: they are given time to finish.
	server := newServer(context.WithoutCancel(ctx), handler, logger)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	err := stop(ctx, server)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func newServer(ctx context.Context, handler http.Handler, logger *slog.Logger) *http.Server {
	stopping := make(chan struct{})
	base := context.WithValue(ctx, stoppingKey{}, stopping)
	server := &http.Server{
		Handler:           http.MaxBytesHandler(handler, MaxBody),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	server.RegisterOnShutdown(func() { close(stopping) })
	return server
}

func stop(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout) // ctx has ended: that is why we stop
	defer cancel()
	err := server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("cutting requests that did not finish in %s: %w", stopTimeout, err), server.Close())
}
