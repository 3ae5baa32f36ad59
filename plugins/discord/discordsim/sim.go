package discordsim

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a Discord that lives in this process. It is an http.Handler, to be mounted with its prefix stripped; Close ends
// its connections and everything it still has under way.
type Sim struct {
	cfg     Config
	opts    standin.Options
	key     ed25519.PrivateKey
	dice    *standin.Dice
	faults  *standin.Switches
	changes *standin.Changes
	courier *standin.Courier
	frame   *standin.Frame
	mux     *http.ServeMux
	users   map[string]User
	guilds  map[string]Guild
	gateway *gateway
	buckets *buckets
	ban     *banCounter
	tally   *standin.Tally
	log     standin.Deliveries[Result]

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu sync.RWMutex
	// channels and order hold the servers' channels and the direct messages, in the order in which they came to be.
	channels     map[string]*channel
	order        []*channel
	interactions map[string]*interaction
	modals       map[string]*modal
	nonces       map[string]*message
	lastID       uint64
	verified     bool
}

// New builds it.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the configuration: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		cfg: cfg, opts: opts, key: cfg.key(), dice: dice, frame: frame, faults: standin.NewSwitches(dice),
		changes: standin.NewChanges(), courier: standin.NewCourier(), users: map[string]User{}, guilds: map[string]Guild{},
		channels: map[string]*channel{}, interactions: map[string]*interaction{}, modals: map[string]*modal{},
		nonces: map[string]*message{}, tally: standin.NewTally(), buckets: newBuckets(opts.Clock),
		ban: newBanCounter(opts.Clock, cfg.BanAfter),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.gateway = newGateway(s)
	for _, u := range cfg.Users {
		s.users[u.ID] = u
	}
	for _, g := range cfg.Guilds {
		s.guilds[g.ID] = g
	}
	for _, c := range cfg.Channels {
		s.addChannel(&channel{Channel: c})
	}
	s.routes()
	return s, nil
}

func (s *Sim) addChannel(c *channel) {
	s.channels[c.ID] = c
	s.order = append(s.order, c)
}

func (s *Sim) routes() {
	s.mux = http.NewServeMux()
	s.api()
	s.mux.HandleFunc("GET /gateway/{$}", s.gateway.serve)
	s.inspection()
	s.pages()
}

// ServeHTTP serves Discord's API, its Gateway, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close drops all connections and waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.gateway.closeAll()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// epoch is when Discord's ids begin, in milliseconds.
const epoch = 1420070400000

// newID makes an id of the present moment. The lock must be held.
func (s *Sim) newID() string {
	id := uint64(max(s.opts.Clock().UnixMilli()-epoch, 0)) << 22
	s.lastID = max(id, s.lastID+1)
	return strconv.FormatUint(s.lastID, 10)
}

// timeOf is the moment in an id.
func timeOf(id string) time.Time {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>22) + epoch).UTC()
}

func numberOf(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// newToken makes a token that looks like an interaction's.
func (s *Sim) newToken() string {
	return fmt.Sprintf("aW50ZXJhY3Rpb246%016x%016x%016x", s.dice.Uint64(), s.dice.Uint64(), s.dice.Uint64())
}

func (s *Sim) allChannels() []*channel {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.order)
}

// userNamed finds a person by id or by name.
func (s *Sim) userNamed(nameOrID string) (User, bool) {
	if u, ok := s.users[nameOrID]; ok {
		return u, true
	}
	for _, u := range s.users {
		if u.Name == nameOrID && !u.Bot {
			return u, true
		}
	}
	return User{}, false
}

func (u User) shown() string {
	if u.GlobalName != "" {
		return u.GlobalName
	}
	return u.Name
}
