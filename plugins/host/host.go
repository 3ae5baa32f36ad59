package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/plugins"
)

// Broker is what the host needs of the broker.
type Broker interface {
	broker.Publisher
	broker.Subscriber
	broker.Caller
	// Listen gives every message sent to a subject that matches pattern to handle, one at a time, and blocks until ctx
	// ends. It survives reconnects; messages sent in between are lost.
	Listen(ctx context.Context, pattern string, handle func(subject string, data []byte)) error
}

// Options is what a host is made of.
type Options struct {
	Spec     plugins.Spec
	Settings Settings
	// Vendor is the vendor's part of the configuration, as the spec's NewConfig made it.
	Vendor any
	Broker Broker
	// Ready, if set, says why the broker cannot be used right now.
	Ready func() error
	// Reconnected, if set, receives after the connection to the broker was lost and is back.
	Reconnected <-chan struct{}
	// Sign signs decisions with the plugin's credential.
	Sign   func(data []byte) ([]byte, error)
	Seal   plugins.Sealer
	HTTP   *http.Client
	Logger *slog.Logger
	// Registry takes the metrics; nil keeps them to the host.
	Registry prometheus.Registerer
	// Replica names this process among those of the same plugin.
	Replica string
	// Failpoint, if set, runs at each named point; see [FailpointVariable].
	Failpoint func(point string)
}

// Host runs one plugin.
type Host struct {
	spec      plugins.Spec
	settings  Settings
	plugin    plugins.Notifier
	can       capabilities
	broker    Broker
	ready     func() error
	rejoined  <-chan struct{}
	logger    *slog.Logger
	metrics   *metrics
	replica   string
	started   time.Time
	failpoint func(string)

	routes    routes
	deliverer *deliverer
	desk      *desk
	requests  *keyedLock
	snapshots *snapshots
	converged *memory[int64]
	resolved  *memory[remembered[[]plugins.Destination]]
	linked    *memory[remembered[map[string][]v1.Identity]]
	later     *later
	coreState *coreState
	listener  *condition
	resyncNow chan struct{}

	// work is the context of everything that has begun; it ends when the time for stopping is over.
	work     context.Context //nolint:containedctx // it spans calls that come from the broker and the vendor
	endWork  context.CancelFunc
	ending   chan struct{}
	closing  sync.Once
	closeErr error
}

const rememberedRequests = 8192

// New opens the plugin and puts the host together; it talks to nobody yet. The context bounds opening only.
func New(ctx context.Context, options Options) (*Host, error) {
	logger := options.Logger.With("plugin", options.Spec.Name)
	if options.Registry == nil {
		options.Registry = prometheus.NewRegistry()
	}
	if options.Failpoint == nil {
		options.Failpoint = neverHit
	}
	h := &Host{
		spec: options.Spec, settings: options.Settings,
		broker: options.Broker, ready: options.Ready, rejoined: options.Reconnected, logger: logger, replica: options.Replica, started: time.Now().UTC(),
		metrics: newMetrics(options.Registry, options.Spec.Name), failpoint: options.Failpoint,
		routes: routes(options.Settings.RoleToRecipients), requests: newKeyedLock(),
		snapshots: newSnapshots(), converged: newMemory[int64](rememberedRequests),
		resolved: newMemory[remembered[[]plugins.Destination]](resolutions),
		linked:   newMemory[remembered[map[string][]v1.Identity]](resolutions),
		later:    newLater(), coreState: newCoreState(), listener: &condition{}, resyncNow: make(chan struct{}, 1),
		ending: make(chan struct{}),
	}
	h.work, h.endWork = context.WithCancel(context.WithoutCancel(ctx))
	h.deliverer = h.newDeliverer()
	plugin, err := options.Spec.Open(ctx, options.Vendor, plugins.Deps{
		Logger: logger, HTTP: options.HTTP, Now: func() time.Time { return time.Now().UTC() }, Seal: options.Seal,
		Cards: cards{h}, Notebook: notebookOf(h), DecideInChat: options.Settings.Decisions == DecideInChat,
	})
	if err != nil {
		h.endWork()
		return nil, fmt.Errorf("opening %s: %w", options.Spec.Name, err)
	}
	h.plugin, h.can = plugin, capabilitiesOf(plugin)
	h.desk = h.newDesk(options)
	return h, nil
}

func (h *Host) newDeliverer() *deliverer {
	return &deliverer{
		core: core{caller: h.broker, plugin: h.spec.Name}, owner: h.replica, lease: h.settings.Lease.Std(),
		settle: h.settings.Settle.Std(), logger: h.logger, metrics: h.metrics, hit: h.failpoint,
		dirty: newMemory[bool](rememberedRequests), streaks: newMemory[streak](rememberedRequests),
	}
}

func (h *Host) newDesk(options Options) *desk {
	return &desk{
		plugin: h.spec.Name, mode: h.settings.Decisions, sign: options.Sign, publisher: h.broker, deliverer: h.deliverer,
		answerer: h.can.Answerer, metrics: h.metrics, logger: h.logger, url: h.requestURL,
		refresh: func(request v1.Request) { h.later.put(request, 0) },
		work:    newWorkGroup(h.work, maxOpenDecisions), results: newMailbox(), stopping: h.ending,
	}
}

func (h *Host) publicURL() string { return h.coreState.url() }

func (h *Host) requestURL(id string) string {
	return plugins.NewCard(v1.Request{ID: id}, plugins.ForReviewers, h.publicURL(), false).URL
}

func (h *Host) stopping() bool {
	select {
	case <-h.ending:
		return true
	default:
		return false
	}
}

// Decisions takes clicks that were verified elsewhere.
func (h *Host) Decisions() plugins.Decisions { return h.desk }

// close ends the plugin, once.
func (h *Host) close() error {
	h.closing.Do(func() {
		h.endWork()
		if h.can.Closer == nil {
			return
		}
		if err := h.can.Closer.Close(); err != nil {
			h.closeErr = fmt.Errorf("closing %s: %w", h.spec.Name, err)
		}
	})
	return h.closeErr
}

// coreState is what is known of the core.
type coreState struct {
	mu        sync.Mutex
	known     chan struct{} // closed once the core has answered
	heardOnce bool
	down      bool
	silences  int
	epoch     int64
	publicURL string
}

func newCoreState() *coreState {
	return &coreState{known: make(chan struct{}), down: true}
}

// heard notes an answer and says whether everything should be compared again: the core was away, or its broker has
// forgotten events.
func (c *coreState) heard(reply v1.HeartbeatReply) (resync bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	resync = c.heardOnce && (c.down || c.epoch != reply.Epoch)
	if !c.heardOnce {
		close(c.known)
	}
	c.heardOnce, c.down, c.silences = true, false, 0
	c.epoch, c.publicURL = reply.Epoch, reply.PublicURL
	return resync
}

// lost notes that there was no answer and returns how many times in a row.
func (c *coreState) lost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = true
	c.silences++
	return c.silences
}

func (c *coreState) url() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.publicURL
}

func (c *coreState) check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return errors.New("the core does not answer over the broker; is acceded running, and the broker's address right?")
	}
	return nil
}

// condition is whether something goes well.
type condition struct {
	mu  sync.Mutex
	err error
}

func (c *condition) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *condition) check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
