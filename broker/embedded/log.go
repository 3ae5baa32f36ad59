package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
)

// serverLog passes the server's warnings and errors on. The server names clients by public key and never logs a seed.
type serverLog struct {
	logger *slog.Logger
	// fatal holds the first reason for which the server gave up. The server expects its process to be gone then.
	fatal chan error
}

var _ server.Logger = (*serverLog)(nil)

func newServerLog(logger *slog.Logger) *serverLog {
	return &serverLog{logger: logger.With("component", "broker"), fatal: make(chan error, 1)}
}

// Noticef drops notices.
func (l *serverLog) Noticef(string, ...any) {}

// Debugf drops debug output.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef drops traces, which would contain messages.
func (l *serverLog) Tracef(string, ...any) {}

// Warnf logs a warning.
func (l *serverLog) Warnf(format string, values ...any) {
	l.logger.Warn(fmt.Sprintf(format, values...))
}

// Errorf logs an error.
func (l *serverLog) Errorf(format string, values ...any) {
	l.logger.Error(fmt.Sprintf(format, values...))
}

// Fatalf keeps the reason for whoever starts the server.
func (l *serverLog) Fatalf(format string, values ...any) {
	failure := fatalError{text: fmt.Sprintf(format, values...)}
	for _, value := range values {
		if err, ok := value.(error); ok {
			failure.cause = err
		}
	}
	select {
	case l.fatal <- failure:
	default:
		l.logger.Error(failure.text)
	}
}

// fatalError is the server's last word with the error that it mentions.
type fatalError struct {
	text  string
	cause error
}

func (e fatalError) Error() string { return e.text }

func (e fatalError) Unwrap() error { return e.cause }

// explain says what to do about the reasons that an operator can mend.
func (s *Server) explain(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("address %s is in use by another process (%w); stop it or set another address for the broker", s.options.Listen, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("address %s does not belong to this machine (%w); set another address for the broker", s.options.Listen, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w; mend the permissions of %s or set another address than %q", err, s.options.Dir, s.options.Listen)
	default:
		return err
	}
}
