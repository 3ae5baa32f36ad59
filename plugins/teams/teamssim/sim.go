package teamssim

import (
	"context"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a tenant of Teams that lives in this process. It is an http.Handler, to be mounted with its prefix stripped;
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
	limits  *limits
	keys    *keyBook
	tokens  *tokenBook
	log     standin.Deliveries[Result]
	refusal refusals
	// proves is the key of the bot's certificate, if it has one.
	proves *rsa.PublicKey
	print  string

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup
	// answered counts the activities that were handed over and answered.
	answered atomic.Int64
	// reached is the address under which the app called last.
	reached atomic.Pointer[string]

	mu     sync.Mutex
	people []*person
	rooms  []*room
	lastID int64
}

// New builds the tenant.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the tenant: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	keys, err := newKeyBook()
	if err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		cfg: cfg, opts: opts, dice: dice, frame: frame, keys: keys,
		faults: standin.NewSwitches(dice), changes: standin.NewChanges(), courier: standin.NewCourier(),
		limits: newLimits(opts.Clock), tokens: newTokenBook(opts.Clock),
	}
	if s.proves, s.print, err = readCertificate(cfg.App.CertificatePEM); err != nil {
		return nil, err
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.populate()
	s.routes()
	return s, nil
}

func (s *Sim) populate() {
	for _, u := range s.cfg.Users {
		p := &person{User: u, mri: "29:1" + s.randomText(20)}
		if p.Tenant == "" {
			p.Tenant = s.cfg.Tenant.ID
		}
		s.people = append(s.people, p)
	}
	for i := range s.cfg.Teams {
		team := &s.cfg.Teams[i]
		for _, ch := range team.Channels {
			r := &room{id: ch.ID, name: ch.Name, kind: kindChannel, team: team.Name, teamID: team.ID, installed: team.Installed}
			if ch.Group {
				r.kind = kindGroup
			}
			for _, name := range ch.Members {
				r.members = append(r.members, s.named(name))
			}
			s.rooms = append(s.rooms, r)
		}
	}
	for _, p := range s.people {
		if p.Installed {
			s.personal(p)
		}
	}
}

func (s *Sim) routes() {
	gate := standin.Gate{Switches: s.faults, Operation: operation, Fail: broken, Limit: tooMany}
	gated := func(handle http.HandlerFunc) http.Handler { return gate.Around(s.noting(handle)) }
	s.mux = http.NewServeMux()
	s.mux.Handle("POST /login/{tenant}/oauth2/v2.0/token", gated(s.serveToken))
	s.mux.Handle("GET "+openIDPath, gated(s.serveOpenID))
	s.mux.Handle("GET "+keysPath, gated(s.serveKeys))
	s.connector(gated)
	s.graph(gated)
	s.inspection()
	s.pages()
}

// noting remembers under which address the app reaches us.
func (s *Sim) noting(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		external := s.opts.External(r)
		s.reached.Store(&external)
		next(w, r)
	}
}

// ServeHTTP serves everything.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends what is under way and waits for it.
func (s *Sim) Close() error {
	s.stop()
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

// serviceURL is what Teams gives to bots of this tenant, with its final slash.
func (s *Sim) serviceURL() string { return s.external() + "/smba/emea/" + s.cfg.Tenant.ID + "/" }

// botID is the bot as an account.
func (s *Sim) botID() string { return "28:" + s.cfg.App.ID }

func (s *Sim) randomText(length int) string {
	text := ""
	for len(text) < length {
		var raw [8]byte
		for i, roll := 0, s.dice.Uint64(); i < len(raw); i, roll = i+1, roll>>8 {
			raw[i] = byte(roll)
		}
		text += hex.EncodeToString(raw[:])
	}
	return text[:length]
}

// nextID makes an activity's id: milliseconds, never the same twice. The lock must be held.
func (s *Sim) nextID() string {
	s.lastID = max(s.lastID+1, s.opts.Clock().UnixMilli())
	return strconv.FormatInt(s.lastID, 10)
}

// Faults are the switches that make this Teams misbehave.
func (s *Sim) Faults() *standin.Switches { return s.faults }

// Changes counts everything that happened, to follow along without polling.
func (s *Sim) Changes() *standin.Changes { return s.changes }

func (s *Sim) now() time.Time { return s.opts.Clock() }
