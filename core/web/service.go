package web

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Service is all that the pages ask of the core. Errors are [core.Error] where the reader should see them; anything else
// is shown as an internal error and logged.
type Service interface {
	Sessions
	Requests
}

// Sessions signs browsers in and out.
type Sessions interface {
	// SignInBrowser starts a session; its secret goes into the cookie.
	SignInBrowser(ctx context.Context, input v1.SignInInput, device string) (v1.SecretToken, error)
	Authenticate(ctx context.Context, secret, via string) (core.Actor, error)
	SignOut(ctx context.Context, actor core.Actor) error
}

// Requests shows requests and decides them, as the API does.
type Requests interface {
	Request(ctx context.Context, actor core.Actor, id string) (v1.Request, error)
	Review(ctx context.Context, actor core.Actor, id string, input v1.ReviewInput) (v1.Request, error)
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
