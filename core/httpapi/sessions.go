package httpapi

import (
	"context"
	"net/http"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/internal/version"
)

// Version says which version of the core answers.
type Version struct {
	Version string `json:"version"`
}

func (a *api) sessionRoutes() {
	handlePublic(a, operation{
		method: http.MethodGet, path: "/v1/version", name: "get-version", tag: "Sessions",
		summary: "Say which version answers",
	}, func(context.Context, *none) (*body[Version], error) {
		return &body[Version]{Version{version.String()}}, nil
	})
	handlePublic(a, operation{
		method: http.MethodPost, path: "/v1/sessions", name: "sign-in", tag: "Sessions", status: http.StatusCreated,
		summary: "Sign in with a name and a password",
		detail:  "The answer's `secret` is the bearer token of the session. Tries are limited per name and per remote address.",
	}, a.startSession)
	handle(a, operation{
		method: http.MethodGet, path: "/v1/session", name: "get-session", tag: "Sessions",
		summary: "Say who is signed in and until when",
	}, func(_ context.Context, actor core.Actor, _ *none) (*body[v1.Session], error) {
		return &body[v1.Session]{v1.Session{Person: actor.Person, Token: actor.Token, Version: version.String()}}, nil
	})
	handle(a, operation{
		method: http.MethodDelete, path: "/v1/session", name: "sign-out", tag: "Sessions", status: http.StatusNoContent,
		summary: "Sign out: revoke the token of this call",
	}, func(ctx context.Context, actor core.Actor, _ *none) (*none, error) {
		return nil, a.service.SignOut(ctx, actor)
	})
}

type signInInput struct{ Body v1.SignInInput }

func (a *api) startSession(ctx context.Context, input *signInInput) (*body[v1.SecretToken], error) {
	leave, err := a.signIns.Enter(ctx, input.Body.Name, callOf(ctx).remote)
	if err != nil {
		return nil, err
	}
	defer leave()
	return single(a.service.SignIn(ctx, input.Body))
}
