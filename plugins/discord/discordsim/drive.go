package discordsim

import (
	"context"
	"net/http"
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

// whileOpen ends with the context or with the stand-in.
func (s *Sim) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
