package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/web/ui"
)

const accountPath = "/account"

func (s *site) accountRoutes() {
	s.page("GET "+accountPath, showAccount)
	s.page("POST /account/sessions/{id}/end", endSession)
	s.page("POST /account/sessions/end-others", endOtherSessions)
	s.page("POST /account/password", changePassword)
	s.page("POST /account/links", claimLink)
	s.page("POST /account/links/remove", removeLink)
}

// accountView is what the page of one's own account shows.
type accountView struct {
	person   v1.Person
	here     string
	sessions []v1.Token
	passkeys []core.PasskeyRecord
	links    []v1.Link
	clock    ui.Clock
	// canAdd says whether passkeys can be added, canConnect whether an account at the provider can be connected, and
	// hasPassword whether there is a password to change.
	canAdd, canConnect, hasPassword bool
	provider                        string
}

func showAccount(v *visit) error { return v.showAccount(http.StatusOK, nil) }

func (v *visit) showAccount(status int, notices []ui.Notice) error {
	view, err := v.readAccount()
	if err != nil {
		return err
	}
	page := screen{title: "Your account", status: status, notices: notices, content: accountPage(view)}
	if view.canAdd {
		page.scripts = []string{passkeyScript}
	}
	return v.render(page)
}

func (v *visit) readAccount() (accountView, error) {
	name := v.actor.Person.Name
	view := accountView{person: v.actor.Person, here: v.actor.Token.ID, clock: v.clock(), canAdd: v.Passkeys != nil, provider: v.ProviderTitle}
	var err error
	if view.sessions, err = v.Service.Tokens(v.ctx(), v.actor, name); err != nil {
		return accountView{}, err
	}
	slices.SortStableFunc(view.sessions, func(a, b v1.Token) int { return latest(b, view.here).Compare(latest(a, view.here)) })
	if view.passkeys, err = v.Service.Passkeys(v.ctx(), v.actor); err != nil {
		return accountView{}, err
	}
	if view.links, err = v.Service.Links(v.ctx(), v.actor, name); err != nil {
		return accountView{}, err
	}
	if view.hasPassword, err = v.Service.HasPassword(v.ctx(), v.actor); err != nil {
		return accountView{}, err
	}
	connected := slices.ContainsFunc(view.links, func(l v1.Link) bool { return l.Plugin == v1.SignInProvider })
	view.canConnect = v.Provider != nil && !connected
	return view, nil
}

// latest is when a session was last used; the one that looks on is being used now.
func latest(token v1.Token, here string) time.Time {
	switch {
	case token.ID == here:
		return token.Expires
	case token.LastUsed.IsZero():
		return token.Created
	default:
		return token.LastUsed
	}
}

// refuseOnAccount shows the account with the refusal above it.
func (v *visit) refuseOnAccount(err error) error {
	refusal, ok := errors.AsType[*core.Error](err)
	if !ok || refusal.Code == v1.CodeInternal || refusal.Code == v1.CodeUnavailable {
		return err
	}
	status, _ := kindOf(refusal.Code)
	return v.showAccount(status, []ui.Notice{{Tone: ui.Bad, Text: refusal.Message}})
}

func endSession(v *visit) error {
	id := v.r.PathValue("id")
	if id == v.actor.Token.ID {
		return signOut(v)
	}
	own, err := v.Service.Tokens(v.ctx(), v.actor, v.actor.Person.Name)
	if err != nil {
		return err
	}
	// An administrator may end anybody's, but this page is about one's own.
	if !slices.ContainsFunc(own, func(t v1.Token) bool { return t.ID == id }) {
		return v.refuseOnAccount(core.Refuse(v1.CodeNotFound, "You have no such session any more."))
	}
	if err := v.Service.RevokeToken(v.ctx(), v.actor, id); err != nil {
		return v.refuseOnAccount(err)
	}
	v.flash(ui.Plain, "That session is ended.")
	return v.redirect(accountPath)
}

func endOtherSessions(v *visit) error {
	if _, err := v.Service.EndOtherSessions(v.ctx(), v.actor); err != nil {
		return err
	}
	v.flash(ui.Plain, "All other sessions are ended.")
	return v.redirect(accountPath)
}

// changePassword asks for the present one, with as few guesses as at the sign-in, so that a browser left open gives nobody
// the account for good.
func changePassword(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	leave, err := v.SignIns.Enter(v.ctx(), v.actor.Person.Name, remoteHost(v.r))
	if err != nil {
		return err
	}
	defer leave()
	if err := v.Service.ChangePassword(v.ctx(), v.actor, values.Get("present"), values.Get("next")); err != nil {
		return v.refuseOnAccount(err)
	}
	v.flash(ui.Good, "Your password is changed, and other browsers are signed out.")
	return v.redirect(accountPath)
}

// claimLink takes the code that a chat gave. First it says whose account that is; what is then confirmed is connected.
func claimLink(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	leave, err := v.SignIns.Enter(v.ctx(), "code of "+v.actor.Person.Name, remoteHost(v.r))
	if err != nil {
		return err
	}
	defer leave()
	claim := v1.LinkClaim{Code: values.Get("code"), Confirm: values.Get("confirm") == "yes"}
	claimed, err := v.Service.ClaimLink(v.ctx(), v.actor, claim)
	if err != nil {
		return v.refuseOnAccount(err)
	}
	if !claimed.Linked {
		return v.render(screen{title: "Connect an account", content: confirmLinkPage(claim.Code, claimed, v.actor.Person)})
	}
	v.flash(ui.Good, "Your account in "+vendorTitle(claimed.Identity.Plugin)+" is connected. What you decide there counts as yours.")
	return v.redirect(accountPath)
}

func removeLink(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	identity := v1.Identity{Plugin: values.Get("plugin"), Tenant: values.Get("tenant"), User: values.Get("user")}
	own, err := v.Service.Links(v.ctx(), v.actor, v.actor.Person.Name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(l v1.Link) bool { return l.Identity == identity }) {
		return v.refuseOnAccount(core.Refuse(v1.CodeNotFound, "That account is not connected to yours."))
	}
	if err := v.Service.RemoveLink(v.ctx(), v.actor, identity); err != nil {
		return v.refuseOnAccount(err)
	}
	v.flash(ui.Plain, "The account is no longer connected.")
	return v.redirect(accountPath)
}

// connecting is what is shown before an account at the provider is connected.
type connecting struct{ key, title, account, person string }

// linkTitle says where an account is.
func linkTitle(link v1.Link, provider string) string {
	if link.Plugin != v1.SignInProvider {
		return vendorTitle(link.Plugin)
	}
	return cmp.Or(provider, "Company account")
}

// sessionTitle says what a session is of.
func sessionTitle(token v1.Token) string {
	switch {
	case token.Device != "":
		return token.Device
	case strings.HasPrefix(token.Title, "sign-in"):
		return "Command line"
	default:
		return token.Title
	}
}

// sessionKind says what kind of session it is.
func sessionKind(token v1.Token) string {
	switch {
	case token.Browser, strings.HasPrefix(token.Title, "sign-in"):
		return token.Title
	default:
		return "API token"
	}
}

func wordAttributes() templ.Attributes {
	return templ.Attributes{"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "maxlength": "20"}
}

func titleAttributes() templ.Attributes {
	return templ.Attributes{"autocomplete": "off", "maxlength": "100"}
}

// claimedName is what the vendor calls the account behind a code.
func claimedName(claimed v1.LinkClaimed) string {
	if claimed.UserName != "" {
		return claimed.UserName
	}
	return claimed.Identity.User
}
