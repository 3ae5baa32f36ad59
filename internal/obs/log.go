package obs

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"
)

// LogOptions says how a process logs. The zero value is level info in the format that fits the writer.
type LogOptions struct {
	Level  string // debug, info, warn or error; empty means info
	Format string // json, text, or auto (also empty): text on a terminal, JSON elsewhere
}

// NewLogger returns a logger that writes to w, usually stderr. Times are UTC. A retry that fails again with the same
// words is logged at debug level (see Quieten).
func NewLogger(w io.Writer, options LogOptions) (*slog.Logger, error) {
	var level slog.Level
	if options.Level != "" {
		if err := level.UnmarshalText([]byte(options.Level)); err != nil {
			return nil, fmt.Errorf("log level %.20q is none of debug, info, warn, error", options.Level)
		}
	}
	handlerOptions := &slog.HandlerOptions{Level: level, ReplaceAttr: utcTime}
	text, err := isText(w, options.Format)
	if err != nil {
		return nil, err
	}
	if text {
		return slog.New(Quieten(slog.NewTextHandler(w, handlerOptions))), nil
	}
	return slog.New(Quieten(slog.NewJSONHandler(w, handlerOptions))), nil
}

func isText(w io.Writer, format string) (bool, error) {
	switch strings.ToLower(format) {
	case "json":
		return false, nil
	case "text":
		return true, nil
	case "", "auto":
		file, ok := w.(*os.File)
		return ok && term.IsTerminal(int(file.Fd())), nil
	}
	return false, fmt.Errorf("log format %.20q is none of auto, json, text", format)
}

func utcTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}
