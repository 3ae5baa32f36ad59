package obs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// quietFor is how long a repetition stays quiet; after it, a failure that lasts is logged again.
	quietFor = 10 * time.Minute
	// rememberedLines bounds the memory for what was logged.
	rememberedLines = 1024
)

// Quieten returns a handler that passes records on to next, but turns the repetition of a retry down to debug level:
// a record with an "attempt" attribute whose message and other attributes (waits aside) were logged in the last ten
// minutes. So an outage shows once, and again when its error changes. Records without "attempt" are never touched.
func Quieten(next slog.Handler) slog.Handler {
	return &quietHandler{next: next, seen: &seenLines{last: map[string]time.Time{}}}
}

type quietHandler struct {
	next   slog.Handler
	seen   *seenLines
	prefix string // attributes and groups given through With, printed
	retry  bool   // "attempt" is among them
}

// Enabled asks the next handler.
func (h *quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// WithAttrs returns a handler that shares what it remembers with h.
func (h *quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clone := *h
	clone.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		clone.add(a)
	}
	return &clone
}

// WithGroup returns a handler that shares what it remembers with h.
func (h *quietHandler) WithGroup(name string) slog.Handler {
	clone := *h
	clone.next = h.next.WithGroup(name)
	clone.prefix += name + "."
	return &clone
}

// Handle turns a repeated retry down and passes everything on that next still wants.
func (h *quietHandler) Handle(ctx context.Context, record slog.Record) error {
	line := *h
	record.Attrs(func(a slog.Attr) bool { line.add(a); return true })
	if line.retry && record.Level > slog.LevelDebug && h.seen.recently(record.Message+line.prefix, record.Time) {
		record.Level = slog.LevelDebug
		if !h.next.Enabled(ctx, record.Level) {
			return nil
		}
	}
	return h.next.Handle(ctx, record)
}

func (h *quietHandler) add(a slog.Attr) {
	switch a.Key {
	case "attempt":
		h.retry = true
	case "wait", "retry_after", "elapsed":
	default:
		h.prefix += "\x00" + a.Key + "=" + a.Value.Resolve().String()
	}
}

type seenLines struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func (s *seenLines) recently(line string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, known := s.last[line]
	if known && now.Sub(last) < quietFor {
		return true
	}
	if len(s.last) >= rememberedLines {
		clear(s.last) // forgetting costs at most one extra line per failure
	}
	s.last[line] = now
	return false
}
