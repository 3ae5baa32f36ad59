package standin

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// Gate lets the fault switches act on the vendor's own API. It holds no lock while it waits.
type Gate struct {
	Switches *Switches
	// Operation names the call, as Faults.Only does.
	Operation func(*http.Request) string
	// Fail answers as the vendor does when it breaks; nil gives a plain 500.
	Fail func(http.ResponseWriter, *http.Request)
	// Limit answers as the vendor does when it was called too often; nil gives a 429 with Retry-After.
	Limit func(w http.ResponseWriter, r *http.Request, retryAfterSeconds int)
}

// Around applies the switches to every call of next.
func (g Gate) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := g.Switches.Draw(g.Operation(r))
		if !Pause(r.Context(), v.Delay) {
			return
		}
		switch {
		case v.RateLimited:
			g.limit(w, r, v.RetryAfter)
		case v.FailBefore:
			g.fail(w, r)
		case v.spoilsAnswer():
			g.spoil(w, r, v, next)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (g Gate) spoil(w http.ResponseWriter, r *http.Request, v Verdict, next http.Handler) {
	kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(kept, r)
	switch {
	case v.DropAfter:
		dropConnection(w)
	case v.FailAfter:
		g.fail(w, r)
	default:
		kept.sendHalf(w)
	}
}

func (g Gate) fail(w http.ResponseWriter, r *http.Request) {
	if g.Fail != nil {
		g.Fail(w, r)
		return
	}
	http.Error(w, "Internal Server Error", http.StatusInternalServerError)
}

func (g Gate) limit(w http.ResponseWriter, r *http.Request, seconds int) {
	if g.Limit != nil {
		g.Limit(w, r, seconds)
		return
	}
	SetRetryAfter(w, seconds)
	http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
}

// dropConnection closes the connection so that the client sees an end of file instead of an answer.
func dropConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // what net/http documents for ending an answer of an HTTP/2 stream
	}
	_ = conn.Close()
}

// Pause waits, and reports whether the wait was completed before the context ended.
func Pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// keptAnswer is an http.ResponseWriter that sends nothing.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is what the answer would carry.
func (k *keptAnswer) Header() http.Header { return k.header }

// WriteHeader keeps the status.
func (k *keptAnswer) WriteHeader(status int) { k.status = status }

// Write keeps the body.
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }

func (k *keptAnswer) sendHalf(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body.Bytes()[:k.body.Len()/2])
}
