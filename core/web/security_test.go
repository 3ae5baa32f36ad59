package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/web"
)

func signInForm(name, next string) url.Values {
	return url.Values{"name": {name}, "password": {passwordOf(name)}, "next": {next}}
}

func TestOtherSitesSendNothing(t *testing.T) {
	h := openCompany(t, service.ProviderRules{})
	request := h.ask("why")
	ivan := h.signedIn("ivan")
	form := ivan.get("/requests/" + request.ID).decision(v1.Approve)
	for name, headers := range map[string]map[string]string{
		"cross-site":     {"Sec-Fetch-Site": "cross-site"},
		"same-site":      {"Sec-Fetch-Site": "same-site"},
		"foreign origin": {"Origin": "https://evil.example"},
		"no origin":      {"Origin": "null"},
	} {
		for _, path := range []string{
			"/requests/" + request.ID + "/reviews", "/requests/" + request.ID + "/withdrawal", "/requests/" + request.ID + "/use",
			"/sign-in", "/sign-out", "/nowhere", "/sign-in/company", "/sign-in/passkey", "/sign-in/passkey/begin", "/login", "/device",
			"/device/answer", "/account/links", "/account/links/remove", "/account/sessions/end-others", "/account/sessions/x/end",
			"/account/passkeys", "/account/passkeys/begin", "/account/passkeys/x/remove", "/account/company", "/account/company/confirm",
		} {
			ivan.do(http.MethodPost, path, form, headers).want(http.StatusForbidden, "sent by another site")
			if t.Failed() {
				t.Fatalf("%s sent to %s", name, path)
			}
		}
	}
	if got := h.find(request.ID); got.Version != 1 {
		t.Errorf("the request changed: %+v", got.Reviews)
	}
	ivan.get("/requests/"+request.ID).want(http.StatusOK, "Your decision")
}

func TestThePublicAddressIsTrustedBehindAProxy(t *testing.T) {
	h := openWith(t, web.Options{PublicURL: "https://accede.example.com"})
	b := h.browser()
	b.do(http.MethodPost, "/sign-in", signInForm("ivan", ""), map[string]string{"Origin": "https://accede.example.com"}).leads("/")
}

func TestNextLeadsNowhereElse(t *testing.T) {
	h := open(t)
	for next, want := range map[string]string{
		"/requests/1?a=b":          "/requests/1?a=b",
		"":                         "/",
		"https://evil.example":     "/",
		"//evil.example":           "/",
		"///evil.example":          "/",
		`/\evil.example`:           "/",
		`\\evil.example`:           "/",
		"/%09/evil.example":        "/%09/evil.example",
		"/\t/evil.example":         "/",
		"javascript:alert(1)":      "/",
		"/a\r\nSet-Cookie: x=y":    "/",
		"http:/evil.example":       "/",
		"requests/1":               "/",
		"/" + longText(3000):       "/",
		"/x:y@evil.example/":       "/x:y@evil.example/",
		"/../../evil":              "/evil",
		"/%2f%2fevil.example":      "/",
		"/requests/%2f%2fevil.com": "/requests/%2f%2fevil.com",
	} {
		b := h.browser()
		h.clock.Advance(time.Minute) // so that the limit of tries does not matter
		b.post("/sign-in", signInForm("ivan", next)).leads(want)
		b.get("/sign-in?" + url.Values{"next": {next}}.Encode()).leads(want)
	}
}

func longText(n int) string { return strings.Repeat("x", n) }

func TestCookiesAreBound(t *testing.T) {
	for public, want := range map[string]string{
		"": "accede_session", "http://accede.example.com": "accede_session", "https://accede.example.com": "__Host-accede_session",
	} {
		h := openWith(t, web.Options{PublicURL: public})
		got := h.browser().post("/sign-in", signInForm("ivan", ""))
		var session *http.Cookie
		for _, line := range got.header.Values("Set-Cookie") {
			cookie, err := http.ParseSetCookie(line)
			if err != nil {
				t.Fatal(err)
			}
			if cookie.Name == want {
				session = cookie
			}
		}
		if session == nil {
			t.Fatalf("no cookie %s in %q", want, got.header)
		}
		secure := strings.HasPrefix(public, "https:")
		if !session.HttpOnly || session.Secure != secure || session.SameSite != http.SameSiteLaxMode || session.Path != "/" ||
			session.Domain != "" || session.MaxAge != int(time.Hour/time.Second) {
			t.Errorf("public address %q: cookie %s", public, session)
		}
	}
}

func TestSignInBeginsANewSession(t *testing.T) {
	h := open(t)
	b := h.browser()
	address, err := url.Parse(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	planted := "accede_" + longText(43)
	b.http.Jar.SetCookies(address, []*http.Cookie{{Name: sessionCookie, Value: planted, Path: "/"}}) //nolint:gosec // of the test
	b.post("/sign-in", signInForm("ivan", ""))
	first := b.session()
	if first == planted || first == "" {
		t.Fatalf("session %q after signing in with %q", first, planted)
	}
	b.post("/sign-in", signInForm("bob", ""))
	second := b.session()
	if _, err := h.Authenticate(t.Context(), first, v1.ViaWeb); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("the session before the second sign-in gives %v", err)
	}
	if actor, err := h.Authenticate(t.Context(), second, v1.ViaWeb); err != nil || actor.Person.Name != "bob" {
		t.Errorf("the new session is %s's, %v", actor.Person.Name, err)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	h := open(t)
	b := h.signedIn("ivan")
	secret := b.session()
	b.get("/sign-out").want(http.StatusNotFound)
	if _, err := h.Authenticate(t.Context(), secret, v1.ViaWeb); err != nil {
		t.Fatalf("after looking at /sign-out: %v", err)
	}
	b.post("/sign-out", nil).leads("/sign-in")
	if _, err := h.Authenticate(t.Context(), secret, v1.ViaWeb); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("the session gives %v", err)
	}
	if left := b.session(); left != "" {
		t.Errorf("the browser keeps %q", left)
	}
	b.get("/sign-in").want(http.StatusOK, "You are signed out.")
	b.post("/sign-out", nil).leads("/sign-in")
}

func TestSessionsEnd(t *testing.T) {
	h := open(t)
	request := h.ask("why")
	path := "/requests/" + request.ID
	for name, end := range map[string]func(){
		"revoked": func() {
			tokens, err := h.Tokens(t.Context(), h.as("ivan"), "ivan")
			if err != nil {
				t.Fatal(err)
			}
			for _, token := range tokens {
				if err := h.RevokeToken(t.Context(), h.as("ivan"), token.ID); err != nil {
					t.Fatal(err)
				}
			}
		},
		"too old": func() { h.clock.Advance(61 * time.Minute) },
	} {
		b := h.signedIn("ivan")
		form := b.get(path).want(http.StatusOK).decision(v1.Approve)
		end()
		b.get(path).leads("/sign-in?next=" + url.QueryEscape(path))
		got := b.do(http.MethodPost, path+"/reviews", form, map[string]string{"Sec-Fetch-Site": "same-origin", "Referer": h.server.URL + path})
		got.leads("/sign-in?next=" + url.QueryEscape(path))
		if h.find(request.ID).Version != 1 {
			t.Errorf("a session that was %s has decided", name)
		}
	}
}

// A token for programs is no session of a browser, and the other way round.
func TestSessionsAndTokensDoNotMix(t *testing.T) {
	h := open(t)
	token, err := h.SignIn(t.Context(), v1.SignInInput{Name: "ivan", Password: passwordOf("ivan")})
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	b.do(http.MethodGet, "/requests/x", nil, map[string]string{"Cookie": "accede_session=" + token.Secret}).leads("/sign-in?next=%2Frequests%2Fx")
	b.do(http.MethodGet, "/requests/x", nil, map[string]string{"Authorization": "Bearer " + token.Secret}).leads("/sign-in?next=%2Frequests%2Fx")
	session := h.signedIn("ivan").session()
	if _, err := h.Authenticate(t.Context(), session, v1.ViaAPI); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("a cookie's secret as a bearer token gives %v", err)
	}
	double := "accede_session=" + session + "; accede_session=" + session
	b.do(http.MethodGet, "/requests/x", nil, map[string]string{"Cookie": double}).leads("/sign-in?next=%2Frequests%2Fx")
}

func TestGuessingIsSlow(t *testing.T) {
	h := open(t)
	b := h.browser()
	for range 10 {
		b.post("/sign-in", url.Values{"name": {"ivan"}, "password": {"guess"}}).
			want(http.StatusUnauthorized, "Name or password is wrong", `value="ivan"`).without("guess")
	}
	got := b.post("/sign-in", signInForm("ivan", "")).want(http.StatusTooManyRequests, "too many tries")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.post("/sign-in", url.Values{"name": {"nobody"}, "password": {"guess"}}).
		want(http.StatusUnauthorized, "Name or password is wrong")
	h.clock.Advance(10 * time.Second)
	b.post("/sign-in", signInForm("ivan", "")).leads("/")
}

// Every answer keeps the page out of frames and foreign code out of the page.
func TestEveryAnswerIsGuarded(t *testing.T) {
	h := openCompany(t, service.ProviderRules{})
	request := h.ask("why")
	ivan := h.signedIn("ivan")
	for _, path := range []string{
		"/sign-in", "/requests/" + request.ID, "/requests/nothing", "/nowhere", "/", "/requests/" + request.ID + "/live", "/assets/nothing",
		"/account", "/device", "/login", "/login?" + loginQuery().Encode(), web.CompanyCallback,
	} {
		for _, b := range []*browser{ivan, h.browser()} {
			got := b.do(http.MethodHead, path, nil, nil)
			for name, want := range map[string]string{
				"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			} {
				if got.header.Get(name) != want {
					t.Errorf("%s: %s is %q, want %q", path, name, got.header.Get(name), want)
				}
			}
			policy := got.header.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"} {
				if !strings.Contains(policy, part) {
					t.Errorf("%s: policy %q lacks %q", path, policy, part)
				}
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
				t.Errorf("%s: policy %q lets too much in", path, policy)
			}
		}
	}
}

// Pages hold no code and no styles of their own, and load nothing from elsewhere.
func TestPagesHoldNoInlineCode(t *testing.T) {
	h := openCompany(t, service.ProviderRules{})
	request := h.ask("why")
	ivan := h.signedIn("ivan")
	for _, page := range []answer{
		ivan.get("/requests/" + request.ID), h.browser().get("/sign-in"), ivan.get("/nowhere"), ivan.get("/account"), ivan.get("/device"),
		ivan.get("/login?" + loginQuery().Encode()), ivan.post("/sign-in", url.Values{}),
	} {
		page.without("style=", "onclick", "<script>", "<style", "http://", "https://", "javascript:", "hx-on")
	}
}

// What fetches a link without being asked changes nothing.
func TestScannersChangeNothing(t *testing.T) {
	h := openCompany(t, service.ProviderRules{})
	request := h.ask("why")
	ivan, alice := h.signedIn("ivan"), h.signedIn("alice")
	before := h.entries()
	path := "/requests/" + request.ID
	query := "?" + ivan.get(path).decision(v1.Approve).Encode()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for _, address := range []string{
			path, path + query, path + "/reviews", path + "/reviews" + query, path + "/withdrawal", path + "/use",
			"/sign-out", "/sign-in?name=ivan&password=" + passwordOf("ivan"), "/sign-in/company", "/sign-in/passkey/begin",
			"/login?" + loginQuery().Encode() + "&answer=yes", "/device?word=AAAA-AAAA&answer=yes", "/device/answer?word=A&answer=yes",
			"/account", "/account/sessions/end-others", "/account/links?code=AAAAA-AAAAA&confirm=yes", "/account/links/remove",
			"/account/passkeys/begin", "/account/company", web.CompanyCallback + "?code=x&state=y",
		} {
			for _, b := range []*browser{ivan, alice, h.browser()} {
				if got := b.do(method, address, nil, nil); got.status >= 500 {
					t.Errorf("%s %s: %d", method, address, got.status)
				}
			}
		}
	}
	h.browser().get(path).leads("/sign-in?next=" + url.QueryEscape(path))
	if got := h.find(request.ID); got.Version != 1 {
		t.Errorf("the request changed to %+v", got)
	}
	if after := h.entries(); len(after) != len(before) {
		t.Errorf("the audit has more: %+v", after[0])
	}
	ivan.get(path).want(http.StatusOK, "Your decision")
}

func (h *house) entries() []v1.AuditEntry {
	h.t.Helper()
	page, err := h.Audit(h.t.Context(), h.admin, core.AuditFilter{Limit: 500})
	if err != nil {
		h.t.Fatal(err)
	}
	return page.Entries
}

// Those who may not see a request learn nothing of it at any of its addresses.
func TestStrangersSeeNothing(t *testing.T) {
	h := open(t)
	request := h.ask("a secret reason")
	carol := h.signedIn("carol")
	path := "/requests/" + request.ID
	carol.get(path).want(http.StatusNotFound, "There is no request here that you may see").without("secret", "dba")
	carol.get("/requests/01946a00-0000-7000-8000-000000000001").want(http.StatusNotFound, "There is no request here that you may see")
	carol.get(path + "/live").want(http.StatusNotFound)
	form := h.signedIn("ivan").get(path).decision(v1.Approve)
	for _, address := range []string{"/reviews", "/withdrawal", "/use"} {
		carol.post(path+address, form).want(http.StatusNotFound, "There is no request here that you may see").without("secret")
	}
	alice := h.signedIn("alice")
	alice.post(path+"/reviews", form).want(http.StatusForbidden, "You asked for this access yourself; somebody else has to review it.")
	if got := h.find(request.ID); got.Version != 1 {
		t.Errorf("the request changed to %+v", got)
	}
}
