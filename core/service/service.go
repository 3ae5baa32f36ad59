package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

// Options is what a [Service] works with.
type Options struct {
	Store  core.Store
	Now    func() time.Time
	Logger *slog.Logger
	// Gate opens and closes the broker to plugins.
	Gate PluginGate
	// Replicas tells which replicas of a plugin are alive.
	Replicas func(plugin string) []v1.Replica
	// Wake is called after each commit that left something to publish.
	Wake func()
	// BrokerAddress is what plugins connect to; it goes into their credentials.
	BrokerAddress string
	// SessionTTL is how long a sign-in lasts.
	SessionTTL time.Duration
	// NoPasswords refuses to sign anybody in by password.
	NoPasswords bool
	// Provider says what to make of accounts at the OpenID provider.
	Provider ProviderRules
}

// PluginGate opens and closes the broker to plugins.
type PluginGate interface {
	AddPlugin(ctx context.Context, name, publicKey string) error
	RemovePlugin(ctx context.Context, name string) error
	// Pending is how many events the plugin has not handled yet.
	Pending(ctx context.Context, plugin string) (int64, error)
}

// Service carries out what people and plugins ask of the core. It is safe for concurrent use.
type Service struct {
	Options
	changes notifier
	roles   policyCache
	// decoy is verified against when a name is unknown, so that signing in takes as long as for a known one.
	decoy string
}

// New makes a service.
func New(options Options) (*Service, error) {
	decoy, err := hashPassword(uuid.NewString())
	if err != nil {
		return nil, err
	}
	return &Service{Options: options, decoy: decoy}, nil
}

// Changed returns a channel that is closed at the next change of any request.
func (s *Service) Changed() <-chan struct{} { return s.changes.wait() }

// Touched tells whoever follows requests that one has changed. The parts that change requests on their own call it
// after their commits.
func (s *Service) Touched() {
	s.changes.notify()
	s.Wake()
}

// update runs a change of requests and, once it is on disk, tells those who follow them.
func (s *Service) update(ctx context.Context, change func(core.Tx) error) error {
	if err := s.Store.Update(ctx, change); err != nil {
		return storeError(err)
	}
	s.Touched()
	return nil
}

// admin runs a change of anything else than requests on behalf of an administrator.
func (s *Service) admin(ctx context.Context, actor core.Actor, action string, change func(core.Tx) error) error {
	if err := s.requireAdmin(ctx, actor, action); err != nil {
		return err
	}
	return storeError(s.Store.Update(ctx, change))
}

// requireAdmin refuses everybody but administrators, and writes down who tried what.
func (s *Service) requireAdmin(ctx context.Context, actor core.Actor, action string) error {
	if actor.Person.Admin {
		return nil
	}
	return s.refused(ctx, by(actor, action, nil), core.Refuse(v1.CodeForbidden, "Only an administrator may do this."))
}

// Administrator refuses everybody but administrators, for what is no call by itself, such as opening a page.
func (s *Service) Administrator(ctx context.Context, actor core.Actor, action string) error {
	return s.requireAdmin(ctx, actor, action)
}

// selfOrAdmin refuses those who ask about somebody else, and writes that down. An empty name means everybody.
func (s *Service) selfOrAdmin(ctx context.Context, actor core.Actor, person, action string) error {
	if actor.Person.Admin || person == actor.Person.Name {
		return nil
	}
	refusal := core.Refuse(v1.CodeForbidden, "Only an administrator may see what belongs to somebody else.")
	return s.refused(ctx, by(actor, action, map[string]string{"person": cut(person)}), refusal)
}

// storeError keeps refusals as they are and turns everything else into "unavailable": a store that gave no clear answer
// decides nothing.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*core.Error](err); ok {
		return refusal
	}
	unavailable := core.Refuse(v1.CodeUnavailable, "Accede could not read or write its data just now; try again in a moment.")
	unavailable.Err = err
	return unavailable
}

// missing turns ErrNotFound into a sentence and leaves other errors alone.
func missing(err error, what, name string) error {
	if errors.Is(err, core.ErrNotFound) {
		return core.Refuse(v1.CodeNotFound, "There is no %s %q.", what, name)
	}
	return err
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return id.String(), nil
}

// policyCache keeps the compiled roles until one changes.
type policyCache struct {
	mu      sync.Mutex
	version int64
	set     *policy.Set
}

// at returns the roles as the reader sees them.
func (c *policyCache) at(reader core.Reader) (*policy.Set, error) {
	version, err := reader.PolicyVersion()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set != nil && c.version == version {
		return c.set, nil
	}
	documents, err := reader.Roles()
	if err != nil {
		return nil, err
	}
	set, err := policy.Compile(documents)
	if err != nil {
		return nil, err
	}
	c.version, c.set = version, set
	return set, nil
}

// notifier wakes everybody who waits.
type notifier struct {
	mu     sync.Mutex
	signal chan struct{}
}

func (n *notifier) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.signal == nil {
		n.signal = make(chan struct{})
	}
	return n.signal
}

func (n *notifier) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.signal != nil {
		close(n.signal)
		n.signal = nil
	}
}
