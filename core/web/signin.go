package web

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

const signInPath = "/sign-in"

func (s *site) signInRoutes() {
	s.open("GET "+signInPath, showSignIn)
	if !s.NoPasswords {
		s.open("POST "+signInPath, signIn)
	}
	s.open("POST /sign-out", signOut)
}

// signInForm is what the sign-in page shows: what was typed, and the ways there are.
type signInForm struct {
	name, next, problem string
	provider            string
	passkeys, passwords bool
}

func showSignIn(v *visit) error {
	next := localPath(v.r.URL.Query().Get("next"))
	if v.signedIn() {
		return v.redirect(next)
	}
	return v.showSignIn(http.StatusOK, signInForm{next: next})
}

func (v *visit) showSignIn(status int, form signInForm) error {
	form.passkeys, form.passwords = v.Passkeys != nil, !v.NoPasswords
	if v.Provider != nil {
		form.provider = v.ProviderTitle
	}
	page := screen{title: "Sign in", status: status, content: signInPage(form)}
	if form.passkeys {
		page.scripts = []string{passkeyScript}
	}
	return v.render(page)
}

func signIn(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	form := signInForm{name: values.Get("name"), next: localPath(values.Get("next"))}
	session, err := v.checkPassword(values)
	if core.CodeOf(err) == v1.CodeUnauthenticated {
		form.problem = err.Error()
		return v.showSignIn(http.StatusUnauthorized, form)
	}
	if err != nil {
		return err
	}
	v.startSession(session)
	return v.redirect(form.next)
}

func (v *visit) checkPassword(values url.Values) (v1.SecretToken, error) {
	input := v1.SignInInput{Name: values.Get("name"), Password: values.Get("password")}
	leave, err := v.SignIns.Enter(v.ctx(), input.Name, remoteHost(v.r))
	if err != nil {
		return v1.SecretToken{}, err
	}
	defer leave()
	return v.Service.SignInBrowser(v.ctx(), input, deviceOf(v.r))
}

// refuseSignIn shows the sign-in page with why it did not work, if that is for the reader to know.
func (v *visit) refuseSignIn(next string, err error) error {
	if code := core.CodeOf(err); code != v1.CodeUnauthenticated && code != v1.CodeForbidden {
		return err
	}
	return v.showSignIn(http.StatusUnauthorized, signInForm{next: next, problem: err.Error()})
}

// startSession gives the browser a new session and ends the one it came with, so that none that somebody else knows of
// gains anything.
func (v *visit) startSession(session v1.SecretToken) {
	if v.signedIn() {
		if err := v.Service.SignOut(v.ctx(), v.actor); err != nil {
			v.log(err)
		}
	}
	http.SetCookie(v.w, v.cookies.start(session.Secret, session.Expires.Sub(v.Now())))
}

func signOut(v *visit) error {
	if v.signedIn() {
		if err := v.Service.SignOut(v.ctx(), v.actor); err != nil && core.CodeOf(err) != v1.CodeNotFound {
			return err
		}
	}
	http.SetCookie(v.w, v.cookies.forget(v.cookies.sessionName))
	v.flash(ui.Plain, "You are signed out.")
	return v.redirect(signInPath)
}

// attributes of the fields that password managers look for.
func nameAttributes() templ.Attributes {
	return templ.Attributes{"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": true, "maxlength": "128"}
}

func newPasswordAttributes() templ.Attributes {
	return templ.Attributes{"autocomplete": "new-password", "minlength": "10", "maxlength": "1024"}
}

func passwordAttributes() templ.Attributes {
	return templ.Attributes{"autocomplete": "current-password", "maxlength": "1024"}
}
