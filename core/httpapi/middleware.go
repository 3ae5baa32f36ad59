package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// MaxBody is the largest request body, in bytes.
const MaxBody = 1 << 20

const maxSecret = 512

// rescue answers a panic like any internal error.
func (a *api) rescue(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the context is that of the call
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
				panic(cause)
			}
			p := a.unexpected(r.Context(), fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
			if started, ok := w.(*answer); !ok || started.status == 0 {
				p.write(w)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// route finds the operation and ends the call if there is none.
func (a *api) route(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := a.mux.Handler(r)
		if pattern == "" {
			a.unrouted(w, r, handler)
			return
		}
		callOf(r.Context()).route = pattern
		next.ServeHTTP(w, r)
	})
}

// unrouted asks the mux's own handler whether the path or only the method is wrong.
func (a *api) unrouted(w http.ResponseWriter, r *http.Request, handler http.Handler) {
	verdict := &discarded{header: http.Header{}}
	handler.ServeHTTP(verdict, r)
	if verdict.status != http.StatusMethodNotAllowed {
		newProblem(http.StatusNotFound, v1.CodeNotFound, "There is nothing at this address; /openapi.json lists what there is.").write(w)
		return
	}
	allowed := verdict.header.Get("Allow")
	p := newProblem(http.StatusMethodNotAllowed, v1.CodeInvalid, "This address does not take "+r.Method+"; it takes "+allowed+".")
	p.headers.Set("Allow", allowed)
	p.write(w)
}

// discarded takes an answer of which only status and headers matter.
type discarded struct {
	header http.Header
	status int
}

// Header returns the headers.
func (d *discarded) Header() http.Header { return d.header }

// WriteHeader keeps the status.
func (d *discarded) WriteHeader(status int) { d.status = status }

// Write drops the body.
func (d *discarded) Write(body []byte) (int, error) { return len(body), nil }

// signIn finds out who is calling, unless the route is for everybody.
func (a *api) signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current := callOf(r.Context())
		if a.public[current.route] {
			next.ServeHTTP(w, r)
			return
		}
		secret, ok := bearer(r)
		if !ok {
			newProblem(http.StatusUnauthorized, v1.CodeUnauthenticated,
				"You are not signed in: send an Authorization: Bearer header with your token.").write(w)
			return
		}
		actor, err := a.service.Authenticate(r.Context(), secret, current.via)
		if err != nil {
			a.problemOf(r.Context(), err).write(w)
			return
		}
		current.actor, current.secret = actor, secret
		next.ServeHTTP(w, r)
	})
}

func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, secret, ok := strings.Cut(values[0], " ")
	secret = strings.TrimSpace(secret)
	if !ok || !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > maxSecret {
		return "", false
	}
	return secret, true
}

// readBody reads the whole body within its limit, so that everything behind works on bytes that are there.
func (a *api) readBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		if err != nil {
			bodyProblem(err).write(w)
			return
		}
		if len(body) > 0 && !isJSON(r) {
			newProblem(http.StatusUnsupportedMediaType, v1.CodeInvalid,
				"The body must be JSON: send Content-Type: application/json.").write(w)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		next.ServeHTTP(w, r)
	})
}

func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

func bodyProblem(err error) *problem {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newProblem(http.StatusRequestEntityTooLarge, v1.CodeTooLong,
			fmt.Sprintf("The body is too large; at most %d bytes are taken. Send less, or in several calls.", MaxBody))
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return newProblem(http.StatusRequestTimeout, v1.CodeInvalid, "The body did not arrive in time. Try again.")
	}
	return newProblem(http.StatusBadRequest, v1.CodeInvalid, "The body ended early. Try again.")
}
