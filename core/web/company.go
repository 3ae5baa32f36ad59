package web

import (
	"context"
	"net/http"
	"net/url"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/web/ui"
)

// CompanyCallback is the path to which the OpenID provider sends browsers back.
const CompanyCallback = "/sign-in/company/callback"

// What a browser went to the provider for.
const (
	purposeNext    = "next"
	purposeConnect = "connect"
)

func (s *site) providerRoutes() {
	if s.Provider == nil {
		return
	}
	s.open("POST /sign-in/company", beginCompany)
	s.open("GET "+CompanyCallback, finishCompany)
	s.page("POST /account/company", beginConnecting)
	s.page("POST /account/company/confirm", connectCompany)
}

func beginCompany(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	return v.toProvider(map[string]string{purposeNext: localPath(values.Get("next"))})
}

// beginConnecting goes to the provider for an account to be connected to whoever is signed in here.
func beginConnecting(v *visit) error {
	return v.toProvider(map[string]string{purposeConnect: v.actor.Person.Name})
}

func (v *visit) toProvider(purpose map[string]string) error {
	address, key, err := v.Provider.Begin(v.ctx(), purpose)
	if err != nil {
		return v.providerFailed(err)
	}
	http.SetCookie(v.w, v.cookies.attempt(key))
	return v.bounce(address, "You are being taken to "+v.ProviderTitle+".")
}

// bounce sends the browser to another site after a form. A redirect would do, but the policy that holds for forms would
// have to allow all the sites that the other one may lead to.
func (v *visit) bounce(address, text string) error {
	v.w.Header().Set("Refresh", "0;url="+address)
	return v.render(screen{title: "One moment", content: bouncePage(address, text)})
}

// providerFailed says that the provider did not do its part; why is for the log.
func (v *visit) providerFailed(err error) error {
	if core.CodeOf(err) != v1.CodeInternal {
		return err
	}
	v.log(err)
	refusal := core.Refuse(v1.CodeInvalid, "Signing in with %s did not work: it did not answer as it should. Try again; if it "+
		"stays, give the administrator this reference: %s.", v.ProviderTitle, reference(v.ctx()))
	return refusal
}

// finishCompany is where the provider sends the browser back. It changes something although it is a GET, because providers
// can do nothing else: it takes a state that was given to this browser, and a code, each once.
func finishCompany(v *visit) error {
	query := v.r.URL.Query()
	key := v.cookies.attempted(v.r)
	http.SetCookie(v.w, v.cookies.forget(v.cookies.attemptName))
	if refused := query.Get("error"); refused != "" {
		return v.showSignIn(http.StatusUnauthorized, signInForm{problem: v.ProviderTitle + " did not let you in (" + shortened(refused) + ")."})
	}
	account, purpose, err := v.Provider.Finish(v.ctx(), key, query.Get("state"), query.Get("code"))
	if err != nil {
		return v.companyFailed(err)
	}
	if person, connecting := purpose[purposeConnect]; connecting {
		return v.askToConnect(person, account)
	}
	session, err := v.Service.SignInAccount(v.ctx(), account, deviceOf(v.r))
	if err != nil {
		return v.refuseSignIn(purpose[purposeNext], err)
	}
	v.startSession(session)
	return v.redirect(localPath(purpose[purposeNext]))
}

func (v *visit) companyFailed(err error) error {
	if errorsIs(err, context.Canceled, signin.ErrAttemptUnknown) {
		return err
	}
	return v.providerFailed(err)
}

const maxCode = 60

func shortened(code string) string {
	if len(code) > maxCode {
		return "an unknown reason"
	}
	return code
}

// askToConnect shows whose account it is before it is connected.
func (v *visit) askToConnect(person string, account signin.Account) error {
	if v.actor.Person.Name != person {
		return signin.ErrAttemptUnknown
	}
	key, err := v.Provider.Keep(account)
	if err != nil {
		return err
	}
	view := connecting{key: key, title: v.ProviderTitle, account: accountName(account), person: v.actor.Person.Ref().Shown()}
	return v.render(screen{title: "Connect your account", content: connectPage(view)})
}

// accountName is what people call an account at the provider.
func accountName(account signin.Account) string {
	for _, claim := range []string{"preferred_username", "email", "name"} {
		if values := account.Claims[claim]; len(values) > 0 {
			return values[0]
		}
	}
	return account.Subject
}

func connectCompany(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	account, ok := v.Provider.Kept(values.Get("key"))
	if !ok {
		return signin.ErrAttemptUnknown
	}
	if err := v.Service.ConnectAccount(v.ctx(), v.actor, account); err != nil {
		return v.refuseOnAccount(err)
	}
	v.flash(ui.Good, "Your account at "+v.ProviderTitle+" is connected.")
	return v.redirect(accountPath)
}

// query writes an address with parameters.
func query(path string, values url.Values) string { return path + "?" + values.Encode() }
