package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/service"
	"github.com/accede/accede/core/signin"
	"github.com/accede/accede/core/store/sqlite"
	"github.com/accede/accede/core/web"
	"github.com/accede/accede/internal/clock"
	"github.com/accede/accede/internal/obs/obstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

//nolint:gochecknoglobals // a time cannot be a constant
var opening = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const documents = `
kind: role
version: v1
metadata: {name: contractor}
spec:
  allow:
    request:
      roles: [dba]
      suggested_reviewers: [ivan]
      thresholds: [{name: managers, approve: 2}]
      max_duration: 8h
---
kind: role
version: v1
metadata: {name: reviewer}
spec: {allow: {review_requests: {roles: [dba]}}}
---
kind: role
version: v1
metadata: {name: dba}
spec: {options: {max_session_ttl: 4h}}
---
kind: user
version: v1
metadata: {name: alice}
spec: {display_name: Alice Moreau, email: alice@example.com, roles: [contractor]}
---
kind: user
version: v1
metadata: {name: ivan}
spec: {display_name: Ivan Petrov, email: ivan@example.com, roles: [reviewer]}
---
kind: user
version: v1
metadata: {name: bob}
spec: {email: bob@example.com, roles: [reviewer]}
---
kind: user
version: v1
metadata: {name: carol}
spec: {}
`

// house is the pages in front of a real service on a real store.
type house struct {
	*service.Service
	t      testing.TB
	clock  *clock.Fake
	admin  core.Actor
	log    *obstest.Log
	logins *signin.Logins
	server *httptest.Server
}

func open(t testing.TB) *house { return openWith(t, web.Options{}) }

func openWith(t testing.TB, options web.Options) *house {
	t.Helper()
	return build(t, service.Options{}, func(*house) web.Options { return options })
}

// build opens a house whose options may depend on its address. It serves over HTTPS if its public address is there.
func build(t testing.TB, rules service.Options, choose func(*house) web.Options) *house {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, clock: clock.NewFake(opening), admin: core.Actor{Person: v1.Person{Name: "root", Admin: true}, Via: v1.ViaCLI}}
	rules.Store, rules.Now, rules.Logger, rules.Wake = store, h.clock.Now, slog.New(slog.DiscardHandler), func() {}
	rules.SessionTTL = time.Hour
	if h.Service, err = service.New(rules); err != nil {
		t.Fatal(err)
	}
	h.apply(documents)
	for _, name := range []string{"alice", "ivan", "bob", "carol"} {
		h.setPassword(name)
	}
	h.logins = signin.NewLogins(h.clock.Now)
	h.server = httptest.NewUnstartedServer(nil)
	options := choose(h)
	options.Logger, h.log = obstest.Logger(t)
	options.Service, options.Logins = h.Service, h.logins
	options.Now, options.SignIns = h.clock.Now, signin.NewLimits(h.clock.Now)
	if h.server.Config.Handler, err = web.New(options); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(options.PublicURL, "https:") {
		h.server.StartTLS()
	} else {
		h.server.Start()
	}
	t.Cleanup(h.server.Close)
	return h
}

// address is where the house will be, before it is opened.
func (h *house) address() string { return "http://" + h.server.Listener.Addr().String() }

func (h *house) apply(yaml string) {
	h.t.Helper()
	input := v1.ApplyInput{Documents: []v1.ApplyDocument{{Name: "test.yaml", YAML: yaml}}}
	if _, err := h.Apply(h.t.Context(), h.admin, input); err != nil {
		h.t.Fatal(err)
	}
}

func passwordOf(name string) string { return name + "-password" }

func (h *house) setPassword(name string) {
	h.t.Helper()
	password := passwordOf(name)
	if _, err := h.SavePerson(h.t.Context(), h.admin, name, v1.PersonInput{Password: &password}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) as(name string) core.Actor {
	h.t.Helper()
	person, err := h.Person(h.t.Context(), h.admin, name)
	if err != nil {
		h.t.Fatal(err)
	}
	return core.Actor{Person: person, Via: v1.ViaCLI}
}

// ask makes alice ask for dba.
func (h *house) ask(reason string) v1.Request {
	h.t.Helper()
	request, _, err := h.Create(h.t.Context(), h.as("alice"), v1.RequestInput{Roles: []string{"dba"}, Reason: reason})
	if err != nil {
		h.t.Fatal(err)
	}
	return request
}

func (h *house) find(id string) v1.Request {
	h.t.Helper()
	request, err := h.Request(h.t.Context(), h.admin, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return request
}

// browser is a browser without JavaScript.
type browser struct {
	h    *house
	http *http.Client
}

func (h *house) browser() *browser {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	client := *h.server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{h: h, http: &client}
}

// signedIn is a browser in which somebody has signed in.
func (h *house) signedIn(name string) *browser {
	h.t.Helper()
	b := h.browser()
	got := b.post("/sign-in", url.Values{"name": {name}, "password": {passwordOf(name)}})
	if got.status != http.StatusSeeOther {
		h.t.Fatalf("signing in as %s: %d %s", name, got.status, got.body)
	}
	return b
}

// answer is what the browser was sent.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values, headers map[string]string) answer {
	b.h.t.Helper()
	var body io.Reader = http.NoBody
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.server.URL+path, body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return answer{b.h.t, response.StatusCode, response.Header, string(text)}
}

func (b *browser) get(path string) answer {
	b.h.t.Helper()
	return b.do(http.MethodGet, path, nil, nil)
}

func (b *browser) post(path string, form url.Values) answer {
	b.h.t.Helper()
	return b.do(http.MethodPost, path, form, map[string]string{"Sec-Fetch-Site": "same-origin"})
}

const sessionCookie = "accede_session"

// session is the secret in the browser's cookie; empty if it has none.
func (b *browser) session() string {
	address, err := url.Parse(b.h.server.URL)
	if err != nil {
		b.h.t.Fatal(err)
	}
	for _, cookie := range b.http.Jar.Cookies(address) {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	return ""
}

func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.t.Errorf("the page lacks %q:\n%s", text, a.body)
		}
	}
	return a
}

func (a answer) without(texts ...string) {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			a.t.Errorf("the page has %q:\n%s", text, a.body)
		}
	}
}

// leads checks where a redirect goes.
func (a answer) leads(path string) {
	a.t.Helper()
	if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != path {
		a.t.Errorf("answer %d to %q, want 303 to %q: %s", a.status, got, path, a.body)
	}
}

// field is the value of a form's hidden field.
func (a answer) field(name string) string {
	a.t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	if found == nil {
		a.t.Fatalf("the page has no field %q:\n%s", name, a.body)
	}
	return found[1]
}

// decision is the form of a request's page with a verdict.
func (a answer) decision(verdict v1.Verdict) url.Values {
	a.t.Helper()
	return url.Values{
		"verdict": {string(verdict)}, "version": {a.field("version")}, "fingerprint": {a.field("fingerprint")}, "zone": {a.field("zone")},
	}
}
