package pagerdutysim

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a PagerDuty account that lives in this process. It is an http.Handler, to be mounted with its prefix stripped;
// Close ends everything it still has under way.
type Sim struct {
	cfg     Config
	opts    standin.Options
	dice    *standin.Dice
	faults  *standin.Switches
	changes *standin.Changes
	courier *standin.Courier
	frame   *standin.Frame
	mux     *http.ServeMux
	// general and creates are PagerDuty's limits, for when the switches ask for them.
	general *standin.Limiter
	creates *standin.Limiter
	calls   standin.Calls

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu        sync.Mutex
	incidents []*incident
	entries   []logEntry
	tokens    map[string]token
	forced    []forcedShift
	outbox    []*subscription
	sent      []Delivery
	serial    int
}

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
		courier: standin.NewCourier(), tokens: map[string]token{},
		general: standin.NewLimiter(time.Minute/generalPerMinute, generalPerMinute, opts.Clock),
		creates: standin.NewLimiter(time.Second, createBurst, opts.Clock),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	for _, configured := range cfg.Subscriptions {
		s.outbox = append(s.outbox, s.newSubscription(configured))
	}
	s.routes()
	return s, nil
}

const (
	// generalPerMinute is PagerDuty's limit per key:
	// https://developer.pagerduty.com/docs/72d3b724589e3-rest-api-rate-limits.
	generalPerMinute = 960
	// createBurst is how many incidents may be opened at once before one per second is allowed. PagerDuty says that there
	// is such a limit, not how high it is.
	createBurst = 10
)

// ServeHTTP serves the REST API, the identity service, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// Faults are the switches that make this PagerDuty misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) now() time.Time { return s.opts.Clock().UTC() }

// newID makes an id that looks like PagerDuty's and sorts by age. The state's lock must be held.
func (s *Sim) newID(prefix string) string {
	s.serial++
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	out := []byte(prefix)
	for n, i := s.dice.Uint64(), 0; i < 7; i++ {
		out = append(out, letters[n%36])
		n /= 36
	}
	return string(out) + strconv.Itoa(s.serial)
}

func (s *Sim) user(nameOrID string) (User, bool) {
	for _, u := range s.cfg.Users {
		if u.ID == nameOrID || u.Name == nameOrID {
			return u, true
		}
	}
	return User{}, false
}

func (s *Sim) service(id string) (Service, bool) {
	for _, service := range s.cfg.Services {
		if service.ID == id {
			return service, true
		}
	}
	return Service{}, false
}

func (s *Sim) webURL(path string) string {
	return "https://" + s.cfg.Subdomain + ".pagerduty.com/" + path
}

func (s *Sim) apiURL(path string) string { return "https://api.pagerduty.com/" + path }
