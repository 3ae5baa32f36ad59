package standin

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options is what every stand-in is built with.
type Options struct {
	// BaseURL is the address under which the plugin reaches this stand-in, such as http://127.0.0.1:4190/slack.
	// When it is empty the address of each request is used instead.
	BaseURL string
	// CallbackURL is where the vendor posts interactions. Empty means the vendor has no address to post to.
	CallbackURL string
	// SideListen is the host:port on which a stand-in listens that speaks a second protocol, such as SMTP. Empty means any
	// free port on loopback.
	SideListen string
	// Logger receives what the stand-in has to say; nil discards it.
	Logger *slog.Logger
	// Clock tells the time; nil is the wall clock. Deadlines of network calls always use the wall clock.
	Clock func() time.Time
	// Seed makes every random choice of the stand-in repeatable.
	Seed uint64
}

// WithDefaults fills what was left empty and trims the trailing slash of BaseURL.
func (o Options) WithDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	return o
}

// External is the absolute address of the stand-in without a trailing slash: BaseURL, or else what the request used.
func (o Options) External(r *http.Request) string {
	if o.BaseURL != "" {
		return o.BaseURL
	}
	original, _, _ := strings.Cut(r.RequestURI, "?")
	return "http://" + r.Host + strings.TrimRight(strings.TrimSuffix(original, r.URL.EscapedPath()), "/")
}
