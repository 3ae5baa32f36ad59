package httpapi

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Service is all that the API asks of the core. Errors are [core.Error] where the caller should read them; anything
// else is shown as an internal error and logged.
type Service interface {
	Sessions
	Requests
	Explaining
	Follower
	People
	Roles
	Tokens
	Links
	Plugins
	Auditing
	Answers
}

// Sessions signs people in and out.
type Sessions interface {
	SignIn(ctx context.Context, input v1.SignInInput) (v1.SecretToken, error)
	// SignInProgram starts a session for a person who has agreed to it in a browser.
	SignInProgram(ctx context.Context, person, device string) (v1.SecretToken, error)
	// Authenticate finds who a token's secret belongs to; via is the door they came through.
	Authenticate(ctx context.Context, secret, via string) (core.Actor, error)
	SignOut(ctx context.Context, actor core.Actor) error
}

// Requests asks, reviews, withdraws, overrides and lists.
type Requests interface {
	// Create returns the person's identical pending request, and false, if there is one; and what a dry run comes to, and false.
	Create(ctx context.Context, actor core.Actor, input v1.RequestInput) (request v1.Request, created bool, err error)
	Request(ctx context.Context, actor core.Actor, id string) (v1.Request, error)
	Requests(ctx context.Context, actor core.Actor, filter core.RequestFilter) (v1.RequestPage, error)
	Review(ctx context.Context, actor core.Actor, id string, input v1.ReviewInput) (v1.Request, error)
	Withdraw(ctx context.Context, actor core.Actor, id string, input v1.WithdrawInput) (v1.Request, error)
	// Use begins an access that runs from its first use.
	Use(ctx context.Context, actor core.Actor, id string) (v1.Request, error)
	Override(ctx context.Context, actor core.Actor, id string, input v1.OverrideInput) (v1.Request, error)
}

// Explaining tells why, and what would be.
type Explaining interface {
	// Explain tells of everybody who may review a request or, if person is not empty, of that person.
	Explain(ctx context.Context, actor core.Actor, id, person string) (v1.Explanation, error)
	// WhoCanApprove tells of a request that the person would make.
	WhoCanApprove(ctx context.Context, actor core.Actor, roles []string, person string) (v1.Explanation, error)
	Capabilities(ctx context.Context, actor core.Actor) (v1.Capabilities, error)
}

// Follower tells what happened since.
type Follower interface {
	// Events lists what the actor may see after the event with an id, oldest first; of one request if requestID is set. Last
	// is the last event looked at, whether it may be seen or not; empty when there was none.
	Events(ctx context.Context, actor core.Actor, after, requestID string, limit int) (events []v1.Event, last string, err error)
	// Changed returns a channel that closes at the next commit that emitted events.
	Changed() <-chan struct{}
}

// People keeps people.
type People interface {
	People(ctx context.Context, actor core.Actor) ([]v1.Person, error)
	Person(ctx context.Context, actor core.Actor, name string) (v1.Person, error)
	// SavePerson creates the person or changes the members that the input has.
	SavePerson(ctx context.Context, actor core.Actor, name string, input v1.PersonInput) (v1.Person, error)
}

// Roles keeps roles, and applies documents of roles and people.
type Roles interface {
	Roles(ctx context.Context, actor core.Actor) ([]v1.Role, error)
	Role(ctx context.Context, actor core.Actor, name string) (v1.Role, error)
	DeleteRole(ctx context.Context, actor core.Actor, name string) error
	Apply(ctx context.Context, actor core.Actor, input v1.ApplyInput) (v1.ApplyResult, error)
}

// Tokens keeps API tokens.
type Tokens interface {
	Tokens(ctx context.Context, actor core.Actor, person string) ([]v1.Token, error)
	CreateToken(ctx context.Context, actor core.Actor, input v1.TokenInput) (v1.SecretToken, error)
	RevokeToken(ctx context.Context, actor core.Actor, id string) error
}

// Links connects vendor accounts to people.
type Links interface {
	Links(ctx context.Context, actor core.Actor, person string) ([]v1.Link, error)
	ClaimLink(ctx context.Context, actor core.Actor, claim v1.LinkClaim) (v1.LinkClaimed, error)
	AddLink(ctx context.Context, actor core.Actor, link v1.Link) (v1.Link, error)
	RemoveLink(ctx context.Context, actor core.Actor, identity v1.Identity) error
}

// Plugins keeps plugins and their deliveries.
type Plugins interface {
	Plugins(ctx context.Context, actor core.Actor) ([]v1.PluginStatus, error)
	AddPlugin(ctx context.Context, actor core.Actor, input v1.PluginInput) (v1.PluginCredential, error)
	RemovePlugin(ctx context.Context, actor core.Actor, name string) error
	// RetryDeliveries tries a parked delivery again, or all parked ones if id is empty, and returns how many.
	RetryDeliveries(ctx context.Context, actor core.Actor, plugin, id string) (int, error)
	DropDelivery(ctx context.Context, actor core.Actor, plugin, id string) error
}

// Auditing tells who did what.
type Auditing interface {
	Audit(ctx context.Context, actor core.Actor, filter core.AuditFilter) (v1.AuditPage, error)
}

// Answers remembers the answers to POSTs by idempotency key, per person. Keys and bodies come sealed: what is stored
// neither gives a key away nor a secret in an answer.
type Answers interface {
	// Idempotency returns the answer stored under the key; a refusal with idempotency_conflict if it answered another digest.
	Idempotency(ctx context.Context, actor core.Actor, key, digest string) (status int, body []byte, found bool, err error)
	SaveIdempotent(ctx context.Context, actor core.Actor, key, digest string, status int, body []byte) error
}
