package web

import (
	"net/http"
	"strings"

	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web/ui"
)

const passkeyScript = "passkey.js"

func (s *site) passkeyRoutes() {
	if s.Passkeys == nil {
		return
	}
	s.open("POST /sign-in/passkey/begin", beginPasskey)
	s.open("POST /sign-in/passkey", finishPasskey)
	s.page("POST /account/passkeys/begin", beginAddingPasskey)
	s.page("POST /account/passkeys", addPasskey)
	s.page("POST /account/passkeys/{id}/remove", removePasskey)
}

// sendOptions answers a script with what the browser has to be asked.
func (v *visit) sendOptions(options []byte, key string, err error) error {
	if err != nil {
		return err
	}
	http.SetCookie(v.w, v.cookies.attempt(key))
	v.w.Header().Set("Content-Type", "application/json")
	_, _ = v.w.Write(options) // the reader may have gone
	return nil
}

func beginPasskey(v *visit) error { return v.sendOptions(v.Passkeys.BeginSignIn()) }

func finishPasskey(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	next := localPath(values.Get("next"))
	key := v.cookies.attempted(v.r)
	http.SetCookie(v.w, v.cookies.forget(v.cookies.attemptName))
	passkey, err := v.Passkeys.FinishSignIn(key, []byte(values.Get("answer")), func(id string) (signin.Owner, error) {
		return v.Service.OwnerOfPasskey(v.ctx(), id)
	})
	if err != nil {
		return v.refuseSignIn(next, err)
	}
	session, err := v.Service.SignInPasskey(v.ctx(), passkey, deviceOf(v.r))
	if err != nil {
		return v.refuseSignIn(next, err)
	}
	v.startSession(session)
	return v.redirect(next)
}

func beginAddingPasskey(v *visit) error {
	owner, err := v.Service.PasskeyOwner(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.sendOptions(v.Passkeys.BeginAdd(owner))
}

func addPasskey(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	owner, err := v.Service.PasskeyOwner(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	key := v.cookies.attempted(v.r)
	http.SetCookie(v.w, v.cookies.forget(v.cookies.attemptName))
	passkey, err := v.Passkeys.FinishAdd(owner, key, []byte(values.Get("answer")))
	if err != nil {
		return err
	}
	title := strings.TrimSpace(values.Get("title"))
	if title == "" {
		title = deviceOf(v.r)
	}
	if err := v.Service.AddPasskey(v.ctx(), v.actor, title, passkey); err != nil {
		return v.refuseOnAccount(err)
	}
	v.flash(ui.Good, "Your passkey is added. You can sign in with it from now on.")
	return v.redirect(accountPath)
}

func removePasskey(v *visit) error {
	if err := v.Service.RemovePasskey(v.ctx(), v.actor, v.r.PathValue("id")); err != nil {
		return v.refuseOnAccount(err)
	}
	v.flash(ui.Plain, "The passkey is removed. Remove it from your device, too.")
	return v.redirect(accountPath)
}
