package mattermostsim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a Mattermost server that lives in this process. It is an http.Handler, to be mounted with its prefix stripped;
// Close ends everything it still has under way.
type Sim struct {
	opts    standin.Options
	dice    *standin.Dice
	faults  *standin.Switches
	changes *standin.Changes
	limiter *standin.Limiter
	courier *standin.Courier
	frame   *standin.Frame
	mux     *http.ServeMux
	tally   *standin.Tally
	log     *callbackLog
	key     *ecdsa.PrivateKey

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu       sync.RWMutex
	server   Server
	teams    []Team
	users    []User
	tokens   map[string]string
	channels map[string]*channel
	order    []*channel
	posts    map[string]*post
	dialogs  map[string]*dialog
	// nodes are the servers' caches of pending post ids; turn says whose the next request is.
	nodes []map[string]pendingPost
	turn  int
}

// The server's own limit: https://docs.mattermost.com/configure/rate-limiting-configuration-settings.html.
const (
	limitEvery = 100 * time.Millisecond
	limitBurst = 100
)

// New builds the server.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the server: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		opts: opts, dice: dice, frame: frame, key: key,
		faults: standin.NewSwitches(dice), changes: standin.NewChanges(), courier: standin.NewCourier(),
		limiter: standin.NewLimiter(limitEvery, limitBurst, opts.Clock), tally: standin.NewTally(), log: &callbackLog{},
		server: cfg.Server, teams: cfg.Teams, users: cfg.Users, tokens: cfg.Tokens,
		channels: map[string]*channel{}, posts: map[string]*post{}, dialogs: map[string]*dialog{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.resize()
	for _, c := range cfg.Channels {
		s.addChannel(newChannel(c))
	}
	s.routes()
	s.inspection()
	s.pages()
	return s, nil
}

// ServeHTTP serves Mattermost's API, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// Server is how the server is set up now.
func (s *Sim) Server() Server {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.server
}

// Adjust changes the server's set-up.
func (s *Sim) Adjust(change func(*Server)) {
	s.mu.Lock()
	change(&s.server)
	s.resize()
	s.mu.Unlock()
	s.changes.Touch()
}

// resize gives each node a cache. The lock must be held, or nobody else know the stand-in yet.
func (s *Sim) resize() {
	for len(s.nodes) < max(1, s.server.Nodes) {
		s.nodes = append(s.nodes, map[string]pendingPost{})
	}
	s.nodes = s.nodes[:max(1, s.server.Nodes)]
}

// millis is the time as Mattermost tells it.
func (s *Sim) millis() int64 { return s.opts.Clock().UnixMilli() }

// newID makes an id that looks like Mattermost's.
func (s *Sim) newID() string {
	const letters = "ybndrfg8ejkmcpqxot1uwisza345h769"
	out := make([]byte, 0, 26)
	for len(out) < 26 {
		roll := s.dice.Uint64()
		for range min(12, 26-len(out)) {
			out = append(out, letters[roll%32])
			roll /= 32
		}
	}
	return string(out)
}

// user finds an account by id.
func (s *Sim) user(id string) (User, bool) {
	for _, u := range s.users {
		if u.ID == id {
			return u, true
		}
	}
	return User{}, false
}

// userNamed finds a person by id or by name.
func (s *Sim) userNamed(nameOrID string) (User, bool) {
	for _, u := range s.users {
		if u.ID == nameOrID || u.Name == nameOrID && !u.Bot {
			return u, true
		}
	}
	return User{}, false
}

func (u User) isAdmin() bool { return slices.Contains(u.Roles, model.SystemAdminRoleId) }

func (u User) postsAnywhere() bool {
	return u.isAdmin() || slices.Contains(u.Roles, model.SystemPostAllRoleId)
}

func (u User) mayWhisper() bool { return u.Ephemeral || u.isAdmin() }
