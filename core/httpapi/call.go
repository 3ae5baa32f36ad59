package httpapi

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const requestIDHeader = "X-Request-Id"

// call is what is known of one HTTP request while it is answered.
type call struct {
	id     string
	route  string
	remote string
	via    string
	secret string
	actor  core.Actor
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// identify gives each request an id, says so in the answer, and logs the request when it is over.
func (a *api) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current := &call{id: uuid.NewString(), remote: remoteHost(r), via: door(r)}
		w.Header().Set(requestIDHeader, current.id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		answer := &answer{ResponseWriter: w}
		started := time.Now()
		next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), callKey{}, current)))
		a.report(r, current, answer.code(), time.Since(started))
	})
}

func (a *api) report(r *http.Request, current *call, status int, took time.Duration) {
	route := current.route
	if route == "" {
		route = "none"
	}
	a.metrics.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	a.metrics.seconds.WithLabelValues(route).Observe(took.Seconds())
	a.logger.LogAttrs(r.Context(), slog.LevelDebug, "answered",
		slog.String("correlation_id", current.id), slog.String("route", route), slog.Int("status", status),
		slog.String("person", current.actor.Person.Name), slog.String("remote", current.remote), slog.Duration("elapsed", took))
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// door tells the command line from other programs. It goes into the audit and opens nothing.
func door(r *http.Request) string {
	if r.Header.Get("Accede-Client") == v1.ViaCLI {
		return v1.ViaCLI
	}
	return v1.ViaAPI
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader remembers the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write remembers that the answer has begun.
func (a *answer) Write(body []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(body)
}

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}
