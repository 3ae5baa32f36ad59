package emailsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/accede/accede/plugins/standin"
)

// Sim is a company's mail that lives in this process. It is an http.Handler, to be mounted with its prefix stripped, and
// takes mail over SMTP at SideAddress; Close ends both.
type Sim struct {
	cfg     Config
	opts    standin.Options
	dice    *standin.Dice
	faults  *standin.Switches
	changes *standin.Changes
	frame   *standin.Frame
	mux     *http.ServeMux
	store   *store
	tally   *tally
	grants  *grants
	gun     *mailgunBook
	tls     *tls.Config
	smtp    *smtp.Server
	wire    *tracker
	served  chan error

	// ctx is the lifetime of the stand-in, ended by Close.
	ctx   context.Context
	stop  context.CancelFunc
	close sync.Once
}

// New sets the mail up and begins to listen for SMTP.
func New(cfg Config, opts standin.Options) (*Sim, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("checking the mail's set-up: %w", err)
	}
	frame, err := newFrame()
	if err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	dice := standin.NewDice(opts.Seed)
	s := &Sim{
		cfg: cfg, opts: opts, dice: dice, frame: frame, faults: standin.NewSwitches(dice), changes: standin.NewChanges(),
		store: &store{}, tally: &tally{counts: map[string]int{}}, grants: newGrants(opts.Clock), gun: &mailgunBook{},
		served: make(chan error, 1),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.routes()
	if err := s.listen(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// listen begins to take mail over SMTP.
func (s *Sim) listen() error {
	address := s.opts.SideListen
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("reading the address to listen on: %w", err)
	}
	if s.tls, err = serverTLS(s.cfg.Certificate, host); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listening for mail: %w", err)
	}
	s.wire, s.smtp = newTracker(listener), s.newSMTP()
	var in net.Listener = s.wire
	if s.cfg.TLS == "implicit" {
		in = tls.NewListener(s.wire, s.tls)
	}
	go func() { s.served <- s.smtp.Serve(in) }()
	return nil
}

func (s *Sim) routes() {
	s.mux = http.NewServeMux()
	s.mailgunRoutes()
	s.mux.HandleFunc("POST /oauth/token", s.serveToken)
	s.inspection()
	s.pages()
}

// ServeHTTP serves Mailgun's API, the token endpoint, the inspection API and the page.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SideAddress is the host:port at which mail is taken over SMTP.
func (s *Sim) SideAddress() string { return s.wire.Addr().String() }

// closeTimeout bounds how long conversations are waited for after their connections were ended.
const closeTimeout = 5 * time.Second

// Close stops listening, ends all conversations and waits for them.
func (s *Sim) Close() error {
	var err error
	s.close.Do(func() {
		s.stop()
		_ = s.wire.Close()
		if err := <-s.served; !errors.Is(err, net.ErrClosed) {
			s.opts.Logger.Warn("the mail server ended by itself", "err", err)
		}
		s.wire.drop()
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		if err = s.smtp.Shutdown(ctx); errors.Is(err, net.ErrClosed) {
			err = nil // the listener was closed above already
		}
	})
	return err
}

// password is what an account signs in with.
func (s *Sim) password(username string) (string, bool) {
	a := s.account(username)
	if a == nil || a.Password == "" {
		return "", false
	}
	return a.Password, true
}

// tokenOpens says whether an access token is good for an account.
func (s *Sim) tokenOpens(username, token string) bool {
	a := s.account(username)
	return a != nil && (a.Token != "" && a.Token == token || s.grants.good(a.Username, token))
}

func (s *Sim) account(username string) *Account {
	for i := range s.cfg.Accounts {
		if strings.EqualFold(s.cfg.Accounts[i].Username, username) {
			return &s.cfg.Accounts[i]
		}
	}
	return nil
}

func (s *Sim) mailbox(address string) (Mailbox, bool) {
	for _, m := range s.cfg.Mailboxes {
		if strings.EqualFold(m.Address, address) {
			return m, true
		}
	}
	return Mailbox{}, false
}

// owner finds a mailbox by its owner's name or its address.
func (s *Sim) owner(nameOrAddress string) (Mailbox, bool) {
	for _, m := range s.cfg.Mailboxes {
		if m.Name == nameOrAddress || m.Address == nameOrAddress {
			return m, true
		}
	}
	return Mailbox{}, false
}

// tally counts what happened.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what]++
}

func (t *tally) all() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}
