package jirasim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a Jira that lives in this process. It is an http.Handler, to be mounted with its prefix stripped; Close ends
// everything it still has under way.
type Sim struct {
	cfg     Config
	opts    standin.Options
	faults  *standin.Switches
	changes *standin.Changes
	courier *standin.Courier
	limiter *standin.Limiter
	frame   *standin.Frame
	mux     *http.ServeMux
	calls   *tally

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu     sync.Mutex
	issues []*issue
	nextID int
	// login makes every call answer with a login page.
	login bool
	last  delivery
}

const (
	firstID = 10000
	// burstPerSecond and burst are how many calls of one endpoint are taken when the real limits are kept.
	burstPerSecond = 10
	burst          = 30
)

// New builds the site.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the site: %w", err)
	}
	frame, err := standin.NewFrame(boardTemplates, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing the page: %w", err)
	}
	opts = opts.WithDefaults()
	s := &Sim{
		cfg: cfg, opts: opts, frame: frame, nextID: firstID, login: cfg.Login, calls: &tally{counts: map[string]int{}},
		faults: standin.NewSwitches(standin.NewDice(opts.Seed)), changes: standin.NewChanges(), courier: standin.NewCourier(),
		limiter: standin.NewLimiter(time.Second/burstPerSecond, burst, opts.Clock),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.routes()
	return s, nil
}

// Close waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// ServeHTTP serves Jira's API, the inspection API and the board.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Faults are the switches that make this Jira misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

// Calls counts the calls by operation.
func (s *Sim) Calls() map[string]int { return s.calls.all() }

// SetLoginPage makes every call answer 200 with a login page, as single sign-on does that catches the API.
func (s *Sim) SetLoginPage(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.login = on
}

// tally counts calls.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(operation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[operation]++
}

func (t *tally) all() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[string]int, len(t.counts))
	for name, n := range t.counts {
		out[name] = n
	}
	return out
}

// id gives out the next number. The lock must be held.
func (s *Sim) id() string {
	s.nextID++
	return strconv.Itoa(s.nextID)
}

// find returns an issue by id or key. The lock must be held.
func (s *Sim) find(idOrKey string) *issue {
	for _, one := range s.issues {
		if !one.deleted && (one.id == idOrKey || one.key == idOrKey) {
			return one
		}
	}
	return nil
}

func (s *Sim) project(idOrKey string) (Project, bool) {
	at := slices.IndexFunc(s.cfg.Projects, func(p Project) bool { return p.ID == idOrKey || p.Key == idOrKey })
	if at < 0 {
		return Project{}, false
	}
	return s.cfg.Projects[at], true
}

func (s *Sim) status(id string) (Status, bool) {
	at := slices.IndexFunc(s.cfg.Statuses, func(one Status) bool { return one.ID == id })
	if at < 0 {
		return Status{}, false
	}
	return s.cfg.Statuses[at], true
}

// user finds an account by id or name.
func (s *Sim) user(idOrName string) (User, bool) {
	at := slices.IndexFunc(s.cfg.Users, func(u User) bool { return u.ID == idOrName || u.Name == idOrName })
	if at < 0 {
		return User{}, false
	}
	return s.cfg.Users[at], true
}
