package slacksim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a Slack workspace that lives in this process. It is an http.Handler, to be mounted with its prefix stripped;
// Close ends its sockets and everything it still has under way.
type Sim struct {
	cfg      Config
	opts     standin.Options
	dice     *standin.Dice
	faults   *standin.Switches
	changes  *standin.Changes
	limiter  *standin.Limiter
	courier  *standin.Courier
	frame    *standin.Frame
	mux      *http.ServeMux
	methods  map[string]method
	tokens   map[string]Token
	users    map[string]User
	sockets  *socketHub
	triggers *triggerBook
	links    *responseLinks
	views    *viewBook
	tally    *standin.Tally
	log      standin.Deliveries[Result]

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	// reached is the address under which the app called last.
	reached atomic.Pointer[string]

	mu       sync.RWMutex
	channels map[string]*channel
	direct   map[string]*channel
	order    []*channel
}

// New builds the workspace.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the workspace: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		cfg: cfg, opts: opts, dice: dice, frame: frame,
		faults: standin.NewSwitches(dice), changes: standin.NewChanges(), courier: standin.NewCourier(),
		limiter: standin.NewLimiter(time.Second, postBurst, opts.Clock),
		tokens:  map[string]Token{}, users: map[string]User{},
		channels: map[string]*channel{}, direct: map[string]*channel{},
		triggers: newTriggerBook(opts.Clock), links: newResponseLinks(opts.Clock), views: newViewBook(),
		tally: standin.NewTally(),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.sockets = newSocketHub(s)
	s.methods = webMethods()
	s.populate()
	s.routes()
	return s, nil
}

func (s *Sim) populate() {
	for _, t := range s.cfg.Tokens {
		s.tokens[t.Value] = t
	}
	for _, u := range s.cfg.Users {
		if u.TeamID == "" {
			u.TeamID = s.cfg.Workspace.ID
		}
		s.users[u.ID] = u
	}
	for _, c := range s.cfg.Channels {
		ch := newChannel(c)
		s.channels[ch.id] = ch
		s.order = append(s.order, ch)
	}
}

func (s *Sim) routes() {
	gate := standin.Gate{Switches: s.faults, Operation: operation, Fail: brokenSlack, Limit: s.rateLimited}
	s.mux = http.NewServeMux()
	s.mux.Handle("/api/{method}", gate.Around(http.HandlerFunc(s.serveAPI)))
	s.mux.Handle("POST /actions/{team}/{link}/{secret}", gate.Around(http.HandlerFunc(s.serveResponseURL)))
	s.mux.HandleFunc("GET /link/{$}", s.serveSocket)
	s.inspection()
	s.pages()
}

// ServeHTTP serves Slack's API, its sockets, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close drops all sockets and waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.sockets.closeAll()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// external is the address that the app can reach us at.
func (s *Sim) external() string {
	if s.opts.BaseURL != "" {
		return s.opts.BaseURL
	}
	if seen := s.reached.Load(); seen != nil {
		return *seen
	}
	return ""
}

// randomID makes an id that looks like Slack's.
func (s *Sim) randomID(prefix string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	out := []byte(prefix)
	roll := s.dice.Uint64()
	for range 9 {
		out = append(out, letters[roll%36])
		roll /= 36
	}
	return string(out)
}

func (s *Sim) blockID() string { return strconv.FormatUint(s.dice.Uint64()&0xffffffffff, 36) }

func (s *Sim) channelByID(id string) *channel {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.channels[id]
}

// allChannels lists the conversations in the order in which they came to be.
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
