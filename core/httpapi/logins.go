package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
)

const (
	// devicePage is where people type the word that a program shows them.
	devicePage = "/device"
	// loginInterval is how long programs should wait between two tries to finish.
	loginInterval = 2 * time.Second
)

func (a *api) loginRoutes() {
	handlePublic(a, operation{
		method: http.MethodPost, path: "/v1/logins", name: "begin-login", tag: "Sessions", status: http.StatusCreated,
		summary: "Begin the sign-in of a program that somebody agrees to in a browser",
		detail: "Show the `word` and where to type it: `page` at the core's public address. Then call finish-login until it " +
			"has the session. Programs on the reader's own machine can instead open `/login` there with `challenge`, `device`, " +
			"`state` and the `port` at which they listen on 127.0.0.1, and take `code` from the call that comes there.",
	}, a.beginLogin)
	handlePublic(a, operation{
		method: http.MethodPost, path: "/v1/logins/finish", name: "finish-login", tag: "Sessions",
		summary: "Take over the session that somebody agreed to",
		detail:  "A code works once, and only with the secret whose challenge began it. `pending` says that nobody has agreed yet.",
	}, a.finishLogin)
}

type loginInput struct{ Body v1.LoginInput }

func (a *api) beginLogin(ctx context.Context, input *loginInput) (*body[v1.LoginStarted], error) {
	login := signin.Login{Challenge: input.Body.Challenge, Device: input.Body.Device}
	if !login.Valid() {
		return nil, core.Refuse(v1.CodeInvalid, "A login has the SHA-256 of a secret as unpadded base64url in `challenge`, "+
			"and at most 100 printable bytes in `device`.")
	}
	leave, err := a.signIns.Enter(ctx, "login from "+callOf(ctx).remote, callOf(ctx).remote)
	if err != nil {
		return nil, err
	}
	defer leave()
	code, word, err := a.logins.Ask(login)
	if err != nil {
		return nil, err
	}
	return &body[v1.LoginStarted]{v1.LoginStarted{
		Code: code, Word: word, Page: devicePage, Expires: time.Now().Add(signin.LoginLife).UTC(), Interval: v1.Duration(loginInterval),
	}}, nil
}

type finishInput struct{ Body v1.LoginFinish }

func (a *api) finishLogin(ctx context.Context, input *finishInput) (*body[v1.LoginResult], error) {
	person, device, err := a.logins.Finish(input.Body.Code, input.Body.Verifier)
	switch {
	case errors.Is(err, signin.ErrLoginPending):
		return &body[v1.LoginResult]{v1.LoginResult{Pending: true}}, nil
	case errors.Is(err, signin.ErrLoginRefused):
		return nil, core.Refuse(v1.CodeForbidden, "The sign-in was refused in the browser.")
	case err != nil:
		return nil, core.Refuse(v1.CodeUnauthenticated, "This sign-in is unknown, used or older than 10 minutes. Begin again.")
	}
	session, err := a.service.SignInProgram(ctx, person, device)
	if err != nil {
		return nil, err
	}
	return &body[v1.LoginResult]{v1.LoginResult{Session: &session}}, nil
}
