package hosttest

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
)

// Core is an in-memory core together with its broker, for one plugin. It is safe for concurrent use.
type Core struct {
	plugin string
	// AckWait is how long the broker waits for a replica that died.
	AckWait time.Duration
	// PublicURL is what heartbeats are answered with.
	PublicURL string
	// Decide says what becomes of a decision; nil counts every one.
	Decide func(v1.Decision) v1.DecisionResult
	// DecideAfter holds results back.
	DecideAfter time.Duration
	// PublicKey, if set, is what decisions must be signed with.
	PublicKey string

	mu         sync.Mutex
	changed    chan struct{}
	epoch      int64
	requests   map[string]v1.Request
	rows       map[v1.DeliveryKey]*row
	pauses     map[string]time.Time
	identities map[string][]v1.Identity
	decisions  map[string]v1.Answer
	submitted  int
	messages   []*queued
	listeners  map[*Conn]func(subject string, data []byte)
	beats      []v1.Heartbeat
	calls      map[string]int
	duties     map[string]duty
	notebook   map[string]string
	timers     sync.WaitGroup
}

type row struct {
	v1.Delivery
	unsent bool
}

// New returns a core that knows one plugin.
func New(plugin string) *Core {
	return &Core{
		plugin: plugin, AckWait: time.Minute, PublicURL: "https://accede.example.com", epoch: 1,
		changed: make(chan struct{}), requests: map[string]v1.Request{}, rows: map[v1.DeliveryKey]*row{},
		pauses: map[string]time.Time{}, identities: map[string][]v1.Identity{}, decisions: map[string]v1.Answer{},
		listeners: map[*Conn]func(string, []byte){}, calls: map[string]int{}, duties: map[string]duty{}, notebook: map[string]string{},
	}
}

// Wait returns once nothing of the core itself is under way.
func (c *Core) Wait() { c.timers.Wait() }

// Link says which accounts a person has.
func (c *Core) Link(person string, identities ...v1.Identity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identities[person] = identities
}

// Put stores a snapshot and publishes an event about it.
func (c *Core) Put(kind string, request v1.Request) {
	c.Store(request)
	c.Announce(kind, request)
}

// Store stores a snapshot without telling anybody, as if the event were lost.
func (c *Core) Store(request v1.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.requests[request.ID]; !ok || known.Version < request.Version {
		c.requests[request.ID] = request
	}
}

// Announce publishes an event about a snapshot.
func (c *Core) Announce(kind string, request v1.Request) {
	c.publishEvent(kind, request.ID, request.Version, request)
}

// PublishRaw puts any bytes where events come from.
func (c *Core) PublishRaw(data []byte) {
	c.enqueue(broker.Message{Subject: broker.EventSubject("x"), Data: data})
}

func (c *Core) publishEvent(kind, subject string, version int64, data any) {
	event, err := v1.NewEvent(uuid.NewString(), "/core/test", kind, subject, time.Now(), version, data)
	if err != nil {
		panic(err) // a test handed in something that is no JSON
	}
	c.enqueue(broker.Message{Subject: broker.EventSubject(subject), ID: event.ID, Data: encode(event)})
}

// Request returns the stored snapshot.
func (c *Core) Request(id string) v1.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests[id]
}

// NextEpoch makes the core believe that its broker lost events.
func (c *Core) NextEpoch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
}

// Calls says how often a method was called.
func (c *Core) Calls(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[method]
}

// Beats returns the heartbeats so far.
func (c *Core) Beats() []v1.Heartbeat {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.beats)
}

// Ledger returns the rows of the ledger, ordered by destination, request and slot.
func (c *Core) Ledger() []v1.Delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := make([]v1.Delivery, 0, len(c.rows))
	for _, r := range c.rows {
		rows = append(rows, r.Delivery)
	}
	slices.SortFunc(rows, func(a, b v1.Delivery) int {
		return cmp.Or(cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.RequestID, b.RequestID), cmp.Compare(a.Slot, b.Slot))
	})
	return rows
}

// Row returns one row of the ledger; its state is empty if there is none.
func (c *Core) Row(destination, requestID, slot string) v1.Delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rows[v1.DeliveryKey{Destination: destination, RequestID: requestID, Slot: slot}]
	if r == nil {
		return v1.Delivery{}
	}
	return r.Delivery
}

// RetryParked does what an operator does: every parked delivery is due again.
func (c *Core) RetryParked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.rows {
		if r.State == v1.DeliveryParked {
			r.State, r.NextTry = v1.DeliveryRetry, time.Now()
		}
	}
}

// Submitted says how many different decisions arrived, and how many in all.
func (c *Core) Submitted() (different, all int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.decisions), c.submitted
}

// Settled says whether every message was acknowledged and nothing is claimed or due to be tried again.
func (c *Core) Settled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.rows {
		if r.State == v1.DeliveryClaimed || r.State == v1.DeliveryRetry {
			return false
		}
	}
	return len(c.messages) == 0
}
