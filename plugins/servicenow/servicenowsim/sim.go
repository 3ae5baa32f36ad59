package servicenowsim

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a ServiceNow instance that lives in this process. It is an http.Handler, to be mounted with its prefix stripped;
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
	tally   *standin.Tally
	calls   standin.Calls
	tokens  *tokenBook
	hours   *hourBook

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu     sync.Mutex
	db     *database
	quirks Quirks
	// lines is who is on call: the ids of users by rota and order.
	lines map[string]map[int]string
	// last is the last webhook that was sent, for forgeries.
	last []byte
}

// New builds the instance.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the instance: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		cfg: cfg, opts: opts, dice: dice, frame: frame, faults: standin.NewSwitches(dice), changes: standin.NewChanges(),
		courier: standin.NewCourier(), tally: standin.NewTally(), tokens: newTokenBook(opts.Clock), hours: newHourBook(opts.Clock),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.db = newDatabase(opts.Clock, s.newID)
	s.populate()
	s.resetLines("")
	s.routes()
	return s, nil
}

// newID makes a sys_id.
func (s *Sim) newID() string { return fmt.Sprintf("%016x%016x", s.dice.Uint64(), s.dice.Uint64()) }

const systemUser = "system"

func (s *Sim) populate() {
	for _, u := range s.cfg.Users {
		s.db.insert(tableUser, row{
			"sys_id": u.ID, "user_name": u.UserName, "name": u.Name, "email": u.Email, "active": truth(!u.Inactive),
			"time_zone": u.TimeZone, "web_service_access_only": truth(u.Integration), "internal_integration_user": "false",
		}, systemUser)
	}
	for _, g := range s.cfg.Groups {
		s.db.insert(tableGroup, row{"sys_id": g.ID, "name": g.Name, "active": "true"}, systemUser)
	}
	for _, r := range s.cfg.Rotas {
		s.db.insert(tableRota, row{"sys_id": r.ID, "name": r.Name, "group": r.Group, "active": truth(!r.Inactive)}, systemUser)
	}
	for _, c := range choices() {
		s.db.insert(tableChoice, row{"name": c.table, "element": c.element, "value": c.value, "label": c.label, "inactive": "false"}, systemUser)
	}
}

func truth(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

type choice struct{ table, element, value, label string }

func choices() []choice {
	return []choice{
		{"incident", "state", "1", "New"},
		{"incident", "state", "2", "In Progress"},
		{"incident", "state", "3", "On Hold"},
		{"incident", "state", "6", "Resolved"},
		{"incident", "state", "7", "Closed"},
		{"incident", "state", "8", "Canceled"},
		{"incident", "close_code", "Duplicate", "Duplicate"},
		{"incident", "close_code", "Known error", "Known error"},
		{"incident", "close_code", "No resolution provided", "No resolution provided"},
		{"incident", "close_code", "Resolved by request", "Resolved by request"},
		{"incident", "close_code", "Solution provided", "Solution provided"},
		{"sc_req_item", "state", "1", "Open"},
		{"sc_req_item", "state", "2", "Work in Progress"},
		{"sc_req_item", "state", "3", "Closed Complete"},
		{"sc_req_item", "state", "4", "Closed Incomplete"},
	}
}

func (s *Sim) routes() {
	gate := standin.Gate{Switches: s.faults, Operation: operation, Fail: broken, Limit: s.limited}
	s.mux = http.NewServeMux()
	s.mux.Handle("/oauth_token.do", gate.Around(http.HandlerFunc(s.serveToken)))
	s.mux.Handle("/api/", gate.Around(http.HandlerFunc(s.serveAPI)))
	s.inspection()
	s.pages()
}

// ServeHTTP serves the instance's API, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close waits for what is under way.
func (s *Sim) Close() error {
	s.stop()
	s.work.Wait()
	s.courier.CloseIdle()
	return nil
}

// Faults are the switches.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts what happened.
func (s *Sim) Changes() *standin.Changes { return s.changes }

// userNamed finds a person by id or by user name.
func (s *Sim) userNamed(nameOrID string) (User, bool) {
	for _, u := range s.cfg.Users {
		if u.ID == nameOrID || u.UserName == nameOrID {
			return u, true
		}
	}
	return User{}, false
}
