package httpapitest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/policy"
)

var _ httpapi.Service = (*Core)(nil)

// Core is a core in memory with the demo people: alice may request dba, which ivan and bob review and two must approve;
// root administers. The password of each is their name followed by "-password", and "token-" followed by their name is a
// token. It is safe for concurrent use.
type Core struct {
	// Now is the clock.
	Now func() time.Time

	mu       sync.Mutex
	fail     error
	calls    int
	changed  chan struct{}
	people   map[string]v1.Person
	tokens   map[string]v1.Token
	roles    []v1.Role
	requests []v1.Request
	events   []v1.Event
	answers  map[string]storedAnswer
	links    []v1.Link
	plugins  []v1.PluginStatus
	audit    []v1.AuditEntry
}

type storedAnswer struct {
	digest string
	status int
	body   []byte
}

// LinkCode is the one-time code that links the demo's Slack account of carol.
const LinkCode = "ABCDE-23456"

// New makes a core with the demo people.
func New() *Core {
	c := &Core{
		Now: time.Now, changed: make(chan struct{}), people: map[string]v1.Person{}, tokens: map[string]v1.Token{},
		answers: map[string]storedAnswer{}, roles: demoRoles(),
	}
	c.add("alice", false, "contractor")
	c.add("ivan", false, "dba-reviewer")
	c.add("bob", false, "dba-reviewer")
	c.add("root", true)
	return c
}

func (c *Core) add(name string, admin bool, roles ...string) {
	c.people[name] = v1.Person{
		Name: name, DisplayName: strings.ToUpper(name[:1]) + name[1:], Email: name + "@example.com", Kind: v1.KindHuman,
		Roles: append([]string{}, roles...), Admin: admin, Created: c.Now(),
	}
	c.tokens["token-"+name] = v1.Token{ID: newID(), Person: name, Title: "test", Created: c.Now()}
}

func demoRoles() []v1.Role {
	role := func(name string, allow v1.RoleConditions) v1.Role {
		return v1.Role{
			Kind: v1.RoleKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: name}, Spec: v1.RoleSpec{Allow: allow},
		}
	}
	return []v1.Role{
		role("contractor", v1.RoleConditions{Request: &v1.RequestConditions{
			Roles: []string{"dba"}, Thresholds: []v1.ThresholdCondition{{Name: "managers", Approve: 2, Deny: 1}},
		}}),
		role("dba", v1.RoleConditions{}),
		role("dba-reviewer", v1.RoleConditions{ReviewRequests: &v1.ReviewConditions{Roles: []string{"dba"}}}),
	}
}

// Actor is a demo person who came through the API.
func (c *Core) Actor(name string) core.Actor {
	c.mu.Lock()
	defer c.mu.Unlock()
	return core.Actor{Person: c.people[name], Via: v1.ViaAPI}
}

// RequestAtSignIn gives alice's role a strategy for signing in, a prompt and the roles she may request.
func (c *Core) RequestAtSignIn(how v1.RequestAccess, prompt string, roles ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	spec := &c.roles[c.role("contractor")].Spec
	spec.Options.RequestAccess, spec.Options.RequestPrompt = how, prompt
	asking := *spec.Allow.Request
	asking.Roles = roles
	spec.Allow.Request = &asking
}

// Fail makes every call but Authenticate return err, until it is nil again.
func (c *Core) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

// Calls returns how many changes were asked for, failed ones included.
func (c *Core) Calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// RevokeAll makes every token invalid.
func (c *Core) RevokeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.tokens)
}

// Park adds a plugin with one parked delivery and returns the delivery's id.
func (c *Core) Park(plugin string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	parked := v1.Delivery{
		ID: newID(), Plugin: plugin, DeliveryKey: v1.DeliveryKey{Destination: "C0OPS", RequestID: newID(), Slot: v1.SlotCard},
		DestinationName: "#ops", State: v1.DeliveryParked, Attempt: 8, LastKind: "not_found", LastError: "channel not found",
		FirstTried: now,
	}
	replica := v1.Replica{Heartbeat: v1.Heartbeat{Replica: plugin + "-1", Version: "dev", Started: now}, Seen: now, Alive: true}
	c.plugins = append(c.plugins, v1.PluginStatus{
		Name: plugin, Created: now, Replicas: []v1.Replica{replica}, Delivered: 3, Parked: []v1.Delivery{parked},
	})
	return parked.ID
}

// enter locks the core and counts a call.
func (c *Core) enter() (leave func(), err error) {
	c.mu.Lock()
	c.calls++
	return c.mu.Unlock, c.fail
}

func (c *Core) admin(actor core.Actor) (leave func(), err error) {
	leave, err = c.enter()
	if err == nil && !actor.Person.Admin {
		err = core.Refuse(v1.CodeForbidden, "Only an administrator may do this.")
	}
	return leave, err
}

// SignIn takes a demo password.
func (c *Core) SignIn(_ context.Context, input v1.SignInInput) (v1.SecretToken, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.SecretToken{}, err
	}
	person, ok := c.people[input.Name]
	if !ok || input.Password != input.Name+"-password" || person.Disabled {
		return v1.SecretToken{}, core.Refuse(v1.CodeUnauthenticated, "Name or password is wrong, or the account is disabled.")
	}
	return c.issue(input.Name, "sign-in", 12*time.Hour), nil
}

// SignInProgram issues a token to a person who has agreed.
func (c *Core) SignInProgram(_ context.Context, person, _ string) (v1.SecretToken, error) {
	leave, err := c.enter()
	defer leave()
	if err != nil {
		return v1.SecretToken{}, err
	}
	return c.issue(person, "sign-in by browser", 12*time.Hour), nil
}

func (c *Core) issue(person, title string, ttl time.Duration) v1.SecretToken {
	token := v1.Token{ID: newID(), Person: person, Title: title, Created: c.Now(), Expires: c.Now().Add(ttl)}
	secret := "accede_" + uuid.NewString()
	c.tokens[secret] = token
	return v1.SecretToken{Token: token, Secret: secret}
}

// Authenticate looks the token up.
func (c *Core) Authenticate(_ context.Context, secret, via string) (core.Actor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	token, ok := c.tokens[secret]
	if !ok {
		return core.Actor{}, core.Refuse(v1.CodeUnauthenticated,
			"Your sign-in is unknown, revoked or too old. Sign in again with `accede login`.")
	}
	return core.Actor{Person: c.people[token.Person], Token: token, Via: via}, nil
}

// SignOut forgets the actor's token.
func (c *Core) SignOut(ctx context.Context, actor core.Actor) error {
	return c.RevokeToken(ctx, actor, actor.Token.ID)
}

// Changed waits for the next event.
func (c *Core) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Core) set() (*policy.Set, error) { return policy.Compile(c.roles) }

func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // only without random numbers
	}
	return id.String()
}

func missing(what, name string) error {
	return core.Refuse(v1.CodeNotFound, "There is no %s %q.", what, name)
}

// Idempotency looks an answer up.
func (c *Core) Idempotency(_ context.Context, actor core.Actor, key, digest string) (int, []byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stored, ok := c.answers[actor.Person.Name+" "+key]
	if ok && stored.digest != digest {
		return 0, nil, false, core.Refuse(v1.CodeIdempotencyConflict, "This Idempotency-Key was used for something else.")
	}
	return stored.status, stored.body, ok, nil
}

// SaveIdempotent keeps an answer.
func (c *Core) SaveIdempotent(_ context.Context, actor core.Actor, key, digest string, status int, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[actor.Person.Name+" "+key] = storedAnswer{digest, status, slices.Clone(body)}
	return nil
}

// Stored returns everything that was kept under idempotency keys, keys included, for leak checks.
func (c *Core) Stored() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all strings.Builder
	for key, stored := range c.answers {
		all.WriteString(key + " " + string(stored.body) + "\n")
	}
	return all.String()
}
