package opsgeniesim

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Sim is an account that lives in this process. It is an http.Handler, to be mounted with its prefix stripped; Close ends
// everything it still has under way.
type Sim struct {
	cfg     Config
	opts    standin.Options
	dice    *standin.Dice
	faults  *standin.Switches
	changes *standin.Changes
	courier *standin.Courier
	frame   *standin.Frame
	mux     *http.ServeMux
	// general is the vendor's limit, for when the switches ask for it.
	general *standin.Limiter
	calls   standin.Calls

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu       sync.Mutex
	alerts   []*alert
	outcomes map[string]*outcome
	forced   []forcedShift
	sent     []Delivery
	serial   int64
}

// generalPerMinute stands for the vendor's limits, whose numbers depend on the plan and the number of users:
// https://docs.opsgenie.com/docs/api-rate-limiting.
const generalPerMinute = 600

// New builds the account.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the account: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		cfg: cfg, opts: opts, dice: dice, frame: frame, faults: standin.NewSwitches(dice), changes: standin.NewChanges(),
		courier: standin.NewCourier(), outcomes: map[string]*outcome{},
		general: standin.NewLimiter(time.Minute/generalPerMinute, generalPerMinute, opts.Clock),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.routes()
	return s, nil
}

// ServeHTTP serves the APIs, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// Faults are the switches that make this vendor misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) now() time.Time { return s.opts.Clock().UTC() }

// newID makes an id that looks like the vendor's. The state's lock must be held.
func (s *Sim) newID() string {
	s.serial++
	a, b := s.dice.Uint64(), s.dice.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a&0xffffffff, (a>>32)&0xffff, a>>52, b&0xfff, b>>16)
}

func (s *Sim) user(name string) (User, bool) {
	for _, u := range s.cfg.Users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}

func (s *Sim) userBy(fits func(User) bool) (User, bool) {
	for _, u := range s.cfg.Users {
		if fits(u) && !u.Outside {
			return u, true
		}
	}
	return User{}, false
}

func (s *Sim) team(id string) (Team, bool) {
	for _, t := range s.cfg.Teams {
		if t.ID == id {
			return t, true
		}
	}
	return Team{}, false
}

func (s *Sim) escalation(id string) (Escalation, bool) {
	for _, e := range s.cfg.Escalations {
		if e.ID == id {
			return e, true
		}
	}
	return Escalation{}, false
}

func (s *Sim) schedule(id string) (Schedule, bool) {
	for _, sc := range s.cfg.Schedules {
		if sc.ID == id {
			return sc, true
		}
	}
	return Schedule{}, false
}
