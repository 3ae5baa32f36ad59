package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/signin/signintest"
	"github.com/accede/accede/core/web"
	"github.com/accede/accede/internal/secret"
)

const passkeySite = "https://accede.example.com"

// company is a house with every way of signing in, and its OpenID provider.
type company struct {
	*house
	there *signintest.Provider
}

func openCompany(t *testing.T, rules service.ProviderRules) *company {
	t.Helper()
	c := &company{}
	c.house = build(t, service.Options{Provider: rules}, func(h *house) web.Options {
		var err error
		if c.there, err = signintest.NewProvider(h.address() + web.CompanyCallback); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.there.Close)
		passkeys, err := signin.NewPasskeys(passkeySite, h.clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		provider := signin.NewProvider(signin.ProviderOptions{
			Issuer: c.there.Issuer, ClientID: signintest.ClientID, ClientSecret: secret.New(signintest.ClientSecret),
			Scopes: []string{"openid", "profile", "email"}, RedirectURL: h.address() + web.CompanyCallback,
		})
		t.Cleanup(provider.Close)
		return web.Options{Provider: provider, ProviderTitle: "Contoso", Passkeys: passkeys}
	})
	c.there.Become(signintest.User{ID: "u1", Name: "ivan@contoso", Email: "ivan@example.com", Verified: true})
	return c
}

// follow goes where a page sends the browser, through the provider, until it is back here.
func (b *browser) throughProvider(page answer) answer {
	b.h.t.Helper()
	address, ok := strings.CutPrefix(page.want(http.StatusOK, "You are being taken to Contoso").header.Get("Refresh"), "0;url=")
	if !ok {
		b.h.t.Fatalf("the page goes nowhere: %v", page.header)
	}
	for strings.Contains(address, "://") {
		back, here := strings.CutPrefix(address, b.h.server.URL)
		if here {
			return b.get(back)
		}
		address = b.redirected(address)
	}
	b.h.t.Fatalf("the provider leads to %q", address)
	return answer{}
}

// redirected is where another site sends the browser.
func (b *browser) redirected(address string) string {
	b.h.t.Helper()
	request, err := http.NewRequestWithContext(b.h.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		b.h.t.Fatal(err)
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer response.Body.Close()
	next, err := response.Location()
	if err != nil {
		b.h.t.Fatalf("%s answers %s: %v", address, response.Status, err)
	}
	return next.String()
}

func TestSigningInThroughTheCompany(t *testing.T) {
	c := openCompany(t, service.ProviderRules{MatchEmail: service.MatchVerified, Traits: map[string]string{"mail": "email"}})
	b := c.browser()
	b.get("/sign-in").want(http.StatusOK, "Sign in with Contoso", "Sign in with a passkey", "Password")
	b.throughProvider(b.post("/sign-in/company", url.Values{"next": {"/requests/x"}})).leads("/requests/x")
	b.get("/account").want(http.StatusOK, "Ivan Petrov", "sign-in with company account", "Contoso")
	if ivan := c.as("ivan").Person; ivan.Traits["mail"][0] != "ivan@example.com" {
		t.Errorf("traits %v", ivan.Traits)
	}
	// The way back leads nowhere else.
	other := c.browser()
	other.throughProvider(other.post("/sign-in/company", url.Values{"next": {"//evil.example"}})).leads("/")
}

func TestCompanyAccountsOfNobody(t *testing.T) {
	c := openCompany(t, service.ProviderRules{MatchEmail: service.MatchNever})
	b := c.browser()
	b.throughProvider(b.post("/sign-in/company", url.Values{})).want(http.StatusUnauthorized, "Your company account belongs to nobody here")
	if b.session() != "" {
		t.Error("there is a session")
	}
}

func TestWaysBackThatAreNotTheBrowsersOwn(t *testing.T) {
	c := openCompany(t, service.ProviderRules{MatchEmail: service.MatchVerified})
	victim, attacker := c.browser(), c.browser()
	// The attacker begins, and sends the victim the end of it.
	page := attacker.post("/sign-in/company", url.Values{})
	address := strings.TrimPrefix(page.header.Get("Refresh"), "0;url=")
	for !strings.HasPrefix(address, c.server.URL) {
		address = attacker.redirected(address)
	}
	back := strings.TrimPrefix(address, c.server.URL)
	victim.get(back).want(http.StatusBadRequest, "Once more, please")
	if victim.session() != "" {
		t.Error("the victim is signed in")
	}
	attacker.get(back).leads("/")
	attacker.get(back).want(http.StatusBadRequest, "Once more, please")
	for _, path := range []string{web.CompanyCallback, web.CompanyCallback + "?error=access_denied&state=x", web.CompanyCallback + "?error=" + longText(100)} {
		if got := victim.get(path); got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	victim.get(web.CompanyCallback+"?error=access_denied").want(http.StatusUnauthorized, "Contoso did not let you in (access_denied).")
}

func TestProviderThatIsDown(t *testing.T) {
	c := openCompany(t, service.ProviderRules{})
	c.there.Close()
	b := c.browser()
	b.post("/sign-in/company", url.Values{}).want(http.StatusUnprocessableEntity, "Signing in with Contoso did not work").without("connection refused")
	b.get("/sign-in").want(http.StatusOK)
}

func TestConnectingTheCompanyAccount(t *testing.T) {
	c := openCompany(t, service.ProviderRules{})
	bob := c.signedIn("bob")
	bob.get("/account").want(http.StatusOK, "Connect your account at Contoso")
	page := bob.throughProvider(bob.post("/account/company", nil)).want(http.StatusOK, "Is this you?", "ivan@contoso", "bob")
	c.wantLinks("bob", 0)
	c.signedIn("carol").post("/account/company/confirm", url.Values{"key": {"guess"}}).want(http.StatusBadRequest)
	form := url.Values{"key": {page.field("key")}}
	bob.post("/account/company/confirm", form).leads("/account")
	bob.get("/account").want(http.StatusOK, "Your account at Contoso is connected.").without("Connect your account at Contoso")
	bob.post("/account/company/confirm", form).want(http.StatusBadRequest)
	b := c.browser()
	b.throughProvider(b.post("/sign-in/company", url.Values{})).leads("/")
	b.get("/account").want(http.StatusOK, "bob")
	// The account is bob's now, and nobody else's.
	alice := c.signedIn("alice")
	page = alice.throughProvider(alice.post("/account/company", nil)).want(http.StatusOK, "Is this you?")
	alice.post("/account/company/confirm", url.Values{"key": {page.field("key")}}).want(http.StatusConflict, "connected to somebody else already")
}

func (h *house) wantLinks(person string, want int) {
	h.t.Helper()
	links, err := h.Links(h.t.Context(), h.admin, person)
	if err != nil || len(links) != want {
		h.t.Errorf("%s has links %v, %v; want %d", person, links, err, want)
	}
}

// Whoever comes back from the provider as somebody else than they went is asked nothing.
func TestConnectingAsSomebodyElse(t *testing.T) {
	c := openCompany(t, service.ProviderRules{})
	b := c.signedIn("bob")
	page := b.post("/account/company", nil)
	b.post("/sign-in", signInForm("carol", ""))
	b.throughProvider(page).want(http.StatusBadRequest, "Once more, please")
}

func newDevice() *signintest.Authenticator {
	return &signintest.Authenticator{Origin: passkeySite, Host: "accede.example.com"}
}

// passkey answers what a page's script would ask an authenticator.
func (b *browser) passkey(path string, ask func([]byte) ([]byte, error)) url.Values {
	b.h.t.Helper()
	asked := b.post(path, nil).want(http.StatusOK)
	answer, err := ask([]byte(asked.body))
	if err != nil {
		b.h.t.Fatal(err)
	}
	return url.Values{"answer": {string(answer)}}
}

func TestPasskeys(t *testing.T) {
	c := openCompany(t, service.ProviderRules{})
	ivan, device := c.signedIn("ivan"), newDevice()
	form := ivan.passkey("/account/passkeys/begin", device.Create)
	form.Set("title", "blue key")
	ivan.post("/account/passkeys", form).leads("/account")
	ivan.get("/account").want(http.StatusOK, "Your passkey is added.", "blue key")

	fresh := c.browser()
	form = fresh.passkey("/sign-in/passkey/begin", device.Get)
	form.Set("next", "/requests/x")
	fresh.post("/sign-in/passkey", form).leads("/requests/x")
	fresh.get("/account").want(http.StatusOK, "Ivan Petrov", "sign-in with passkey")
	fresh.post("/sign-in/passkey", form).want(http.StatusBadRequest, "Once more, please")

	// The answer belongs to the browser that was asked.
	other := c.browser()
	other.post("/sign-in/passkey", c.browser().passkey("/sign-in/passkey/begin", device.Get)).want(http.StatusBadRequest)
	unchecked := other.passkey("/sign-in/passkey/begin", func(asked []byte) ([]byte, error) {
		device.Unverified = true
		return device.Get(asked)
	})
	other.post("/sign-in/passkey", unchecked).want(http.StatusUnauthorized, "Your passkey did not prove who you are")
	device.Unverified = false
	if other.session() != "" {
		t.Error("there is a session")
	}

	passkeys, err := c.Passkeys(t.Context(), c.as("ivan"))
	if err != nil {
		t.Fatal(err)
	}
	c.signedIn("bob").post("/account/passkeys/"+passkeys[0].ID+"/remove", nil).want(http.StatusNotFound, "There is no passkey")
	ivan.post("/account/passkeys/"+passkeys[0].ID+"/remove", nil).leads("/account")
	other.post("/sign-in/passkey", other.passkey("/sign-in/passkey/begin", device.Get)).
		want(http.StatusUnauthorized, "That passkey belongs to nobody here.")
}

func TestAddingPasskeysNeedsASession(t *testing.T) {
	c := openCompany(t, service.ProviderRules{})
	for _, path := range []string{"/account/passkeys/begin", "/account/passkeys", "/account/passkeys/x/remove"} {
		c.browser().post(path, url.Values{}).leads("/sign-in")
	}
}

func TestWaysThatAreNotOffered(t *testing.T) {
	h := openWith(t, web.Options{NoPasswords: true})
	h.browser().get("/sign-in").want(http.StatusOK).without("Password", "passkey", "Contoso")
	for _, path := range []string{"/sign-in", "/sign-in/passkey", "/sign-in/passkey/begin", "/sign-in/company", "/account/company"} {
		h.browser().post(path, signInForm("ivan", "")).want(http.StatusNotFound)
	}
	h.browser().get(web.CompanyCallback).want(http.StatusNotFound)
}

const verifier = "a secret of the program"

func loginQuery() url.Values {
	return url.Values{"challenge": {v1.LoginChallenge(verifier)}, "device": {"alice's laptop"}, "port": {"40123"}, "state": {"xyz"}}
}

func TestSigningAProgramIn(t *testing.T) {
	h := open(t)
	path := "/login?" + loginQuery().Encode()
	h.browser().get(path).leads("/sign-in?next=" + url.QueryEscape(path))
	ivan := h.signedIn("ivan")
	page := ivan.get(path).want(http.StatusOK, "alice&#39;s laptop", "Ivan Petrov", v1.LoginWord(v1.LoginChallenge(verifier)))
	form := url.Values{"answer": {"yes"}}
	for _, name := range []string{"challenge", "port", "state"} {
		form.Set(name, page.field(name))
	}
	got := ivan.post("/login", form).want(http.StatusOK)
	back, err := url.Parse(strings.TrimPrefix(got.header.Get("Refresh"), "0;url="))
	if err != nil || back.Host != "127.0.0.1:40123" || back.Query().Get("state") != "xyz" {
		t.Fatalf("the page leads to %q", got.header.Get("Refresh"))
	}
	person, _, err := h.logins.Finish(back.Query().Get("code"), verifier)
	if err != nil || person != "ivan" {
		t.Errorf("%q, %v", person, err)
	}
	form.Set("answer", "no")
	if refusal := ivan.post("/login", form).header.Get("Refresh"); !strings.Contains(refusal, "error=refused") || strings.Contains(refusal, "code=") {
		t.Errorf("a refusal leads to %q", refusal)
	}
}

func TestProgramsElsewhereAreNotSignedIn(t *testing.T) {
	h := open(t)
	ivan := h.signedIn("ivan")
	for name, change := range map[string]url.Values{
		"no port":        {"port": {""}},
		"a host":         {"port": {"80@evil.example"}},
		"a low port":     {"port": {"22"}},
		"a high port":    {"port": {"70000"}},
		"odd state":      {"state": {"a&code=b"}},
		"no state":       {"state": {""}},
		"no challenge":   {"challenge": {""}},
		"long challenge": {"challenge": {longText(44)}},
		"odd device":     {"device": {"a\nb"}},
		"long device":    {"device": {longText(101)}},
	} {
		query := loginQuery()
		for key, values := range change {
			query[key] = values
		}
		query.Set("answer", "yes")
		if got := ivan.get("/login?" + query.Encode()); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got.status)
		}
		if got := ivan.post("/login", query); got.status != http.StatusUnprocessableEntity || got.header.Get("Refresh") != "" {
			t.Errorf("%s, sent: %d to %q", name, got.status, got.header.Get("Refresh"))
		}
	}
}

func TestSigningADeviceIn(t *testing.T) {
	h := open(t)
	begin := func() (code, word string) {
		t.Helper()
		code, word, err := h.logins.Ask(signin.Login{Challenge: v1.LoginChallenge(verifier), Device: "a server"})
		if err != nil {
			t.Fatal(err)
		}
		return code, word
	}
	code, word := begin()
	ivan := h.signedIn("ivan")
	ivan.get("/device?word="+word).want(http.StatusOK, `value="`+word+`"`)
	page := ivan.post("/device", url.Values{"word": {strings.ToLower(word)}}).want(http.StatusOK, "a server", "Ivan Petrov")
	if _, _, err := h.logins.Finish(code, verifier); err == nil {
		t.Error("signed in before anybody agreed")
	}
	ivan.post("/device/answer", url.Values{"word": {page.field("word")}, "answer": {"yes"}}).leads("/account")
	if person, device, err := h.logins.Finish(code, verifier); err != nil || person != "ivan" || device != "a server" {
		t.Errorf("%q on %q, %v", person, device, err)
	}
	code, word = begin()
	ivan.post("/device/answer", url.Values{"word": {word}, "answer": {"no"}}).leads("/account")
	if _, _, err := h.logins.Finish(code, verifier); err == nil {
		t.Error("signed in after a refusal")
	}
	for range 5 {
		ivan.post("/device", url.Values{"word": {"AAAA-AAAA"}}).want(http.StatusNotFound, "That word is unknown")
	}
	for range 3 {
		ivan.post("/device/answer", url.Values{"word": {"AAAA-AAAA"}, "answer": {"yes"}})
	}
	ivan.post("/device", url.Values{"word": {"AAAA-AAAA"}}).want(http.StatusTooManyRequests)
}

func TestAccount(t *testing.T) {
	h := open(t)
	here, there := h.signedIn("ivan"), h.signedIn("ivan")
	program, err := h.SignInProgram(t.Context(), "ivan", "build server")
	if err != nil {
		t.Fatal(err)
	}
	here.get("/account").want(http.StatusOK, "this one", "build server", "ivan@example.com", "reviewer", "End all others")
	bobs, err := h.SignInProgram(t.Context(), "bob", "")
	if err != nil {
		t.Fatal(err)
	}
	here.post("/account/sessions/"+bobs.ID+"/end", nil).want(http.StatusNotFound, "You have no such session any more.")
	here.post("/account/sessions/"+program.ID+"/end", nil).leads("/account")
	if _, err := h.Authenticate(t.Context(), program.Secret, v1.ViaCLI); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("the ended session gives %v", err)
	}
	here.post("/account/sessions/end-others", nil).leads("/account")
	there.get("/account").leads("/sign-in?next=%2Faccount")
	own, err := h.Authenticate(t.Context(), here.session(), v1.ViaWeb)
	if err != nil {
		t.Fatal(err)
	}
	here.post("/account/sessions/"+own.Token.ID+"/end", nil).leads("/sign-in")
	here.get("/account").leads("/sign-in?next=%2Faccount")
	if _, err := h.Authenticate(t.Context(), bobs.Secret, v1.ViaCLI); err != nil {
		t.Errorf("bob's session gives %v", err)
	}
}

func TestChangingOnesPassword(t *testing.T) {
	h := open(t)
	here, there := h.signedIn("ivan"), h.signedIn("ivan")
	there.get("/account").want(http.StatusOK, "Change your password")
	form := url.Values{"present": {"not-the-password"}, "next": {"quite-another-password"}}
	here.post("/account/password", form).want(http.StatusUnprocessableEntity, "That is not your present password, so nothing was changed.")
	form.Set("present", passwordOf("ivan"))
	here.post("/account/password", form).leads("/account")
	here.get("/account").want(http.StatusOK, "Your password is changed, and other browsers are signed out.")
	there.get("/account").leads("/sign-in?next=%2Faccount")
	h.browser().post("/sign-in", url.Values{"name": {"ivan"}, "password": {passwordOf("ivan")}}).want(http.StatusUnauthorized)
	h.browser().post("/sign-in", url.Values{"name": {"ivan"}, "password": {"quite-another-password"}}).leads("/")
}

// A browser left open is no place to guess from, however many pages it opens.
func TestGuessingOnesPasswordIsSlow(t *testing.T) {
	h := open(t)
	ivan := h.signedIn("ivan")
	for range 20 {
		if ivan.post("/account/password", url.Values{"present": {"a guess"}, "next": {"quite-another-password"}}).status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("twenty guesses were let through")
}

func TestAdministratorsEndOnlyTheirOwnHere(t *testing.T) {
	h := open(t)
	h.apply("kind: user\nversion: v1\nmetadata: {name: root}\nspec: {admin: true}\n")
	h.setPassword("root")
	bobs, err := h.SignInProgram(t.Context(), "bob", "")
	if err != nil {
		t.Fatal(err)
	}
	h.signedIn("root").post("/account/sessions/"+bobs.ID+"/end", nil).want(http.StatusNotFound)
}

func TestConnectingAChatAccount(t *testing.T) {
	h := open(t)
	identity := v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0CAROL"}
	offer := func() string {
		t.Helper()
		var result v1.DecisionResult
		err := h.Store.Update(context.WithoutCancel(t.Context()), func(tx core.Tx) (err error) {
			result, err = h.Decide(tx, v1.Decision{ID: "d", Identity: identity, UserName: "carol <b>", RequestID: "r", Verdict: v1.Approve}, h.clock.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return result.LinkCode
	}
	carol, code := h.signedIn("carol"), offer()
	carol.post("/account/links", url.Values{"code": {"AAAAA-AAAAA"}}).want(http.StatusNotFound, "That code is unknown")
	carol.post("/account/links", url.Values{"code": {code}}).want(http.StatusOK, "Is this you?", "carol &lt;b&gt;", "Slack", "U0CAROL", "T0ACCEDE")
	h.wantLinks("carol", 0)
	carol.post("/account/links", url.Values{"code": {code}, "confirm": {"yes"}}).leads("/account")
	carol.get("/account").want(http.StatusOK, "Your account in Slack is connected.", "U0CAROL")
	h.wantLinks("carol", 1)
	form := url.Values{"plugin": {"slack"}, "tenant": {"T0ACCEDE"}, "user": {"U0CAROL"}}
	h.signedIn("bob").post("/account/links/remove", form).want(http.StatusNotFound, "is not connected to yours")
	carol.post("/account/links/remove", form).leads("/account")
	h.wantLinks("carol", 0)
	for range 8 {
		carol.post("/account/links", url.Values{"code": {"AAAAA-AAAAA"}})
	}
	carol.post("/account/links", url.Values{"code": {"AAAAA-AAAAA"}}).want(http.StatusTooManyRequests)
	h.clock.Advance(time.Minute)
	carol.get("/account").want(http.StatusOK)
}
