package host

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accede/accede/internal/obs"
)

// callbackPath is where the vendor's callbacks come in.
const callbackPath = "/callback"

// Handler serves health, metrics, and the vendor's callbacks under /callback.
func (h *Host) Handler(registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	h.health().Register(mux)
	mux.Handle("GET /metrics", obs.MetricsHandler(registry, h.logger))
	if h.can.Receiver != nil {
		callbacks := http.StripPrefix(callbackPath, h.can.Receiver.Handler(h.desk))
		mux.Handle(callbackPath, callbacks)
		mux.Handle(callbackPath+"/", callbacks)
	}
	return mux
}

func (h *Host) health() *obs.Health {
	var health obs.Health
	health.Add("running", func(context.Context) error {
		if h.stopping() {
			return errStopping
		}
		return nil
	})
	if h.ready != nil {
		health.Add("broker", func(context.Context) error { return h.ready() })
	}
	health.Add("core", h.coreState.check)
	if h.can.Listener != nil {
		health.Add("listener", h.listener.check)
	}
	return &health
}

// problem is why this replica is not ready, in the words of its health, empty when it is. The core itself is left out:
// it is who hears this.
func (h *Host) problem(ctx context.Context) string {
	if h.stopping() {
		return errStopping.Error()
	}
	if err := h.listener.check(ctx); err != nil {
		return err.Error()
	}
	return ""
}
