package slacksim

import (
	"context"
	"net/http"
	"time"
)

// drive serves one thing a person or an attacker can do.
func drive[Ask any](do func(context.Context, Ask) (Result, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask Ask
		if !readJSON(w, r, &ask) {
			return
		}
		result, err := do(r.Context(), ask)
		answer(w, result, err)
	}
}

// contextOfBoth ends with either context, or after the time.
func contextOfBoth(a, b context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(a, limit)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
