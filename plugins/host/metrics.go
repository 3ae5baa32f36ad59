package host

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/vendorhttp"
)

// The operations of vendor calls, as metrics and the ledger name them.
const (
	opCard    = "card"
	opReply   = "reply"
	opOutcome = "outcome"
	opAccess  = "access"
	opAnswer  = "answer"
)

// tally counts for Prometheus and for the heartbeat alike.
type tally struct {
	shown prometheus.Counter
	n     atomic.Int64
}

func (t *tally) add() {
	t.n.Add(1)
	t.shown.Inc()
}

type metrics struct {
	posted, updated, duplicatesAvoided *tally
	retried                            atomic.Int64
	lagMillis                          atomic.Int64

	replies      *prometheus.CounterVec
	retries      *prometheus.CounterVec
	parked       *prometheus.CounterVec
	decisions    *prometheus.CounterVec
	ignored      *prometheus.CounterVec
	vendor       *prometheus.HistogramVec
	lag          prometheus.Observer
	blindReposts prometheus.Counter
	stale        prometheus.Counter
	panics       prometheus.Counter
	unreachable  prometheus.Counter
}

// newMetrics makes the host's metrics and puts them into the registry.
func newMetrics(registry prometheus.Registerer, plugin string) *metrics {
	f := factory{registry: registry, labels: prometheus.Labels{"plugin": plugin}}
	return &metrics{
		posted:            &tally{shown: f.counter("posted_total", "Cards posted.")},
		updated:           &tally{shown: f.counter("updated_total", "Cards brought to a newer version.")},
		duplicatesAvoided: &tally{shown: f.counter("duplicates_avoided_total", "Posts that a look-up found already there.")},
		replies:           f.counters("replies_total", "Replies, outcomes, notices about access and answers given.", "operation"),
		retries:           f.counters("retries_total", "Failed deliveries that will be tried again.", "kind"),
		parked:            f.counters("parked_total", "Deliveries that failed for good.", "kind"),
		decisions:         f.counters("decisions_total", "Clicks by what became of them.", "code"),
		ignored:           f.counters("ignored_events_total", "Events that were acknowledged without effect.", "why"),
		vendor: f.histogram("vendor_seconds", "How long calls of the vendor took.", "operation",
			[]float64{0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20}),
		lag: f.histogram("lag_seconds", "Age of events when they had been handled.", "",
			[]float64{0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300}).WithLabelValues(),
		blindReposts: f.counter("blind_reposts_total", "Posts repeated without knowing whether an earlier one arrived."),
		stale:        f.counter("stale_records_total", "Reports refused because the lease had passed to another replica."),
		panics:       f.counter("panics_total", "Panics of the plugin that were survived."),
		unreachable:  f.counter("unreachable_total", "Look-ups of recipients that the vendor does not know."),
	}
}

func (m *metrics) retry(kind plugins.Kind) {
	m.retried.Add(1)
	m.retries.WithLabelValues(kindLabel(kind)).Inc()
}

func (m *metrics) handled(published time.Time) {
	if published.IsZero() {
		return
	}
	lag := max(time.Since(published), 0)
	m.lagMillis.Store(lag.Milliseconds())
	m.lag.Observe(lag.Seconds())
}

// fill writes the counts into a heartbeat.
func (m *metrics) fill(beat *v1.Heartbeat) {
	beat.Posted, beat.Updated = m.posted.n.Load(), m.updated.n.Load()
	beat.DuplicatesAvoided = m.duplicatesAvoided.n.Load()
	beat.Retries, beat.LagMillis = m.retried.Load(), m.lagMillis.Load()
}

// kindLabel keeps the label a closed set whatever a plugin puts into an error.
func kindLabel(kind plugins.Kind) string {
	for _, known := range plugins.Kinds() {
		if kind == known {
			return string(kind)
		}
	}
	return string(plugins.Unknown)
}

type factory struct {
	registry prometheus.Registerer
	labels   prometheus.Labels
}

const metricPrefix = "accede_plugin_"

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: metricPrefix + name, Help: help, ConstLabels: f.labels})
	f.registry.MustRegister(c)
	return c
}

func (f factory) counters(name, help, label string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricPrefix + name, Help: help, ConstLabels: f.labels}, []string{label})
	f.registry.MustRegister(c)
	return c
}

func (f factory) histogram(name, help, label string, buckets []float64) *prometheus.HistogramVec {
	var names []string
	if label != "" {
		names = []string{label}
	}
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: metricPrefix + name, Help: help, ConstLabels: f.labels, Buckets: buckets,
	}, names)
	f.registry.MustRegister(h)
	return h
}

// vendorRequests counts the HTTP requests to the vendor.
type vendorRequests struct{ seconds *prometheus.HistogramVec }

func newVendorRequests(registry prometheus.Registerer, plugin string) vendorRequests {
	f := factory{registry: registry, labels: prometheus.Labels{"plugin": plugin}}
	return vendorRequests{f.histogram("vendor_http_seconds", "How long HTTP requests to the vendor took, by class of status.",
		"status", []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10})}
}

func (v vendorRequests) observe(o vendorhttp.Observation) {
	class := "none"
	if o.Status > 0 {
		class = strconv.Itoa(o.Status/100) + "xx"
	}
	v.seconds.WithLabelValues(class).Observe(o.Took.Seconds())
}
