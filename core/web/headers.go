package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
)

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// secure sets the headers that hold for every answer. What may be kept, such as assets, says so itself.
func (s *site) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("X-Frame-Options", "DENY")
		header.Set("X-Content-Type-Options", "nosniff")
		// Not "no-referrer": that would take the Origin away from forms, by which foreign ones are told.
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}

type referenceKey struct{}

// reference is what a reader can tell the administrator of a failed visit.
func reference(ctx context.Context) string {
	id, _ := ctx.Value(referenceKey{}).(string)
	return id
}

// identify gives each visit a reference and logs it when it is over.
func (s *site) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("X-Request-Id", id)
		answer := &answer{ResponseWriter: w}
		started := time.Now()
		ctx := context.WithValue(r.Context(), referenceKey{}, id)
		next.ServeHTTP(answer, r.WithContext(ctx))
		s.Logger.LogAttrs(ctx, slog.LevelDebug, "answered page", slog.String("correlation_id", id), slog.String("method", r.Method),
			slog.Int("status", answer.status), slog.String("remote", remoteHost(r)), slog.Duration("elapsed", time.Since(started)))
	})
}

// rescue answers a panic like any internal error.
func (s *site) rescue(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the context is that of the visit
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
				panic(cause)
			}
			v := &visit{site: s, w: w, r: r}
			err := fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
			if started, ok := w.(*answer); ok && started.status != 0 {
				v.log(err)
				return
			}
			v.fail(err)
		}()
		next.ServeHTTP(w, r)
	})
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

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
