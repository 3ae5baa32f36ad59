package web

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
)

// Service is all that the pages ask of the core. Errors are [core.Error] where the reader should see them; anything else
// is shown as an internal error and logged.
type Service interface {
	Sessions
	Account
	Requests
	Asking
	Lists
	Administration
}

// Sessions signs browsers in and out.
type Sessions interface {
	// SignInBrowser starts a session; its secret goes into the cookie.
	SignInBrowser(ctx context.Context, input v1.SignInInput, device string) (v1.SecretToken, error)
	SignInAccount(ctx context.Context, account signin.Account, device string) (v1.SecretToken, error)
	SignInPasskey(ctx context.Context, passkey signin.Passkey, device string) (v1.SecretToken, error)
	// OwnerOfPasskey returns who has a passkey, before it has proven anything.
	OwnerOfPasskey(ctx context.Context, id string) (signin.Owner, error)
	Authenticate(ctx context.Context, secret, via string) (core.Actor, error)
	SignOut(ctx context.Context, actor core.Actor) error
}

// Account keeps what belongs to whoever is signed in.
type Account interface {
	// HasPassword says whether the actor has a password that they could change.
	HasPassword(ctx context.Context, actor core.Actor) (bool, error)
	// ChangePassword takes the present one as proof, and ends the actor's other sessions in browsers.
	ChangePassword(ctx context.Context, actor core.Actor, present, next string) error
	Tokens(ctx context.Context, actor core.Actor, person string) ([]v1.Token, error)
	RevokeToken(ctx context.Context, actor core.Actor, id string) error
	// EndOtherSessions revokes all but the session the actor came with, and returns how many.
	EndOtherSessions(ctx context.Context, actor core.Actor) (int, error)
	Passkeys(ctx context.Context, actor core.Actor) ([]core.PasskeyRecord, error)
	PasskeyOwner(ctx context.Context, actor core.Actor) (signin.Owner, error)
	AddPasskey(ctx context.Context, actor core.Actor, title string, passkey signin.Passkey) error
	RemovePasskey(ctx context.Context, actor core.Actor, id string) error
	Links(ctx context.Context, actor core.Actor, person string) ([]v1.Link, error)
	// ClaimLink tells which account a code belongs to and, when confirmed, connects it.
	ClaimLink(ctx context.Context, actor core.Actor, claim v1.LinkClaim) (v1.LinkClaimed, error)
	RemoveLink(ctx context.Context, actor core.Actor, identity v1.Identity) error
	ConnectAccount(ctx context.Context, actor core.Actor, account signin.Account) error
}

// Requests shows requests and decides them, as the API does.
type Requests interface {
	Request(ctx context.Context, actor core.Actor, id string) (v1.Request, error)
	Review(ctx context.Context, actor core.Actor, id string, input v1.ReviewInput) (v1.Request, error)
	// Override decides past all rules, for administrators.
	Override(ctx context.Context, actor core.Actor, id string, input v1.OverrideInput) (v1.Request, error)
	Withdraw(ctx context.Context, actor core.Actor, id string, input v1.WithdrawInput) (v1.Request, error)
	Use(ctx context.Context, actor core.Actor, id string) (v1.Request, error)
	// Explain tells of everybody who may review a request or, if person is not empty, of that person.
	Explain(ctx context.Context, actor core.Actor, id, person string) (v1.Explanation, error)
	// Shown lists where a request was shown.
	Shown(ctx context.Context, actor core.Actor, id string) ([]v1.Delivery, error)
	// Counted says what a review brought about.
	Counted(request v1.Request, verdict v1.Verdict) string
	// Changed returns a channel that closes at the next change of any request.
	Changed() <-chan struct{}
}

// Asking makes requests.
type Asking interface {
	Capabilities(ctx context.Context, actor core.Actor) (v1.Capabilities, error)
	Roles(ctx context.Context, actor core.Actor) ([]v1.Role, error)
	// Preview says what a request would become and who could decide it. A reason may be missing.
	Preview(ctx context.Context, actor core.Actor, input v1.RequestInput) (v1.Request, v1.Explanation, error)
	// Create says whether it made a request; if the same was pending already, that one is returned.
	Create(ctx context.Context, actor core.Actor, input v1.RequestInput) (request v1.Request, created bool, err error)
}

// Lists shows requests by the many.
type Lists interface {
	// Waiting lists what waits for the actor's decision, oldest first after the request with the given id.
	Waiting(ctx context.Context, actor core.Actor, after string, limit int) (v1.RequestPage, error)
	// CountWaiting counts it, up to a number, and says whether anything could ever wait for the actor.
	CountWaiting(ctx context.Context, actor core.Actor, most int) (count int, reviewer bool, err error)
	// Granted lists the actor's own requests whose access runs or is about to.
	Granted(ctx context.Context, actor core.Actor) ([]v1.Request, error)
	// Browse lists requests that the actor may see, newest first. A page may be short and still have a next one.
	Browse(ctx context.Context, actor core.Actor, filter core.RequestFilter) (v1.RequestPage, error)
}
