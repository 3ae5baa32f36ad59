package obstest

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
)

// Log is what a logger wrote so far. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends p.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything written so far, one JSON object per line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Logger returns a logger that records everything from debug up, and the log it writes to. When the test has failed,
// the log is printed.
func Logger(t testing.TB) (*slog.Logger, *Log) {
	t.Helper()
	log := &Log{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", log)
		}
	})
	return slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), log
}
