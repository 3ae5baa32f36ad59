package mattermostsim_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/accede/accede/plugins/mattermost/mattermostsim"
	"github.com/accede/accede/plugins/standin"
)

// page fetches the page as somebody sees it.
func (w *world) page(t *testing.T, query string) string {
	t.Helper()
	got := w.raw(http.MethodGet, "/"+query, "", "")
	if got.status != http.StatusOK {
		t.Fatalf("%d", got.status)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	return got.body
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// press submits the form that holds the button with that label, as a browser without JavaScript would, and returns the
// page it leads to.
func (w *world) press(t *testing.T, page, label string, more url.Values) string {
	t.Helper()
	form := formWith(t, page, label)
	fields := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(form, -1) {
		fields.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	for name, values := range more {
		fields[name] = values
	}
	target := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form)[1]
	return w.raw(http.MethodPost, "/"+target, "", fields.Encode()).body
}

func formWith(t *testing.T, page, label string) string {
	t.Helper()
	for _, form := range regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(page, -1) {
		if strings.Contains(form, ">"+label+"</button>") {
			return form
		}
	}
	t.Fatalf("no form with a button %q", label)
	return ""
}

func mustContain(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestThePageClicksThrough(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	w.card(a.URL)
	page := w.page(t, "?as=ivan")
	mustContain(t, page, "Access Requests", "<b>Waiting</b>", "<code>dba</code>", `fill="#e0a000"`, "BOT", "clicks go over HTTP")
	a.answer.Store(`{"ephemeral_text":"only you"}`)
	page = w.press(t, page, "Approve", nil)
	mustContain(t, page, "Clicked. The app answered in", "only you", "Only visible to you")
	if strings.Contains(w.page(t, "?as=bob"), "only you") {
		t.Error("bob sees what only ivan should")
	}
	if got := w.open(a, "true"); got.status != http.StatusOK {
		t.Fatal(got)
	}
	page = w.page(t, "?as=ivan")
	mustContain(t, page, `role="dialog"`, "Why", "Reason")
	a.answer.Store(`{"errors":{"reason":"Say more."}}`)
	mustContain(t, w.press(t, page, "Send", url.Values{"input:reason": {"no"}}), "Say more.", ">no</textarea>")
	a.answer.Store("")
	mustContain(t, w.press(t, page, "Send", url.Values{"input:reason": {"a\r\nb"}}), "Sent. The app answered in")
	calls := a.calls()
	if !strings.Contains(calls[len(calls)-1], `"reason":"a\nb"`) {
		t.Errorf("sent as %s", calls[len(calls)-1])
	}
	w.open(a, "true")
	page = w.page(t, "?as=ivan")
	if page = w.press(t, page, "Cancel", url.Values{"close": {"1"}}); strings.Contains(page, `role="dialog"`) {
		t.Error("cancelling left the dialog open")
	}
}

func TestThePageChangesTheServer(t *testing.T) {
	w := newWorld(t, callbackTo("http://127.0.0.1:1"))
	page := w.press(t, w.page(t, "?as=ivan"), "Save", url.Values{"forbid_callbacks": {"on"}, "edit_limit": {"on"}})
	mustContain(t, page, "callbacks forbidden")
	if got := w.sim.Server(); !got.ForbidCallbacks || got.PostEditTimeLimit != 0 || got.SignInProxy {
		t.Errorf("%+v", got)
	}
	if got := w.raw(http.MethodPatch, "/sandbox/server", "", `{"forbid_callbacks":false,"post_edit_time_limit":-1}`); got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
	if got := w.sim.Server(); got.ForbidCallbacks || got.PostEditTimeLimit != -1 || got.Version != "11.1.0" {
		t.Errorf("%+v", got)
	}
	w.press(t, w.page(t, "?as=ivan"), "Apply", url.Values{"drop_after": {"0.25"}, "only": {"CreatePost"}})
	mustContain(t, w.page(t, "?as=ivan"), ">on</span>", `value="0.25"`)
}

func TestThePageShowsWhatWouldComeAlive(t *testing.T) {
	w := newWorld(t)
	w.post(`{"channel_id":"` + access + `","message":"@all @nobody [x](https://e.example/a) https://f.example ~ops #tag **b** \\*c\\* ` + "`@here`" + `\n> q\n\n` + "```\\n@channel\\n```" + `"}`)
	page := w.page(t, "?as=bob")
	mustContain(t, page, `<span class="mention">@all</span>`, "@nobody ", `href="https://e.example/a"`, `href="https://f.example"`,
		`<span class="mention">~ops</span>`, `<span class="mention">#tag</span>`, "<b>b</b>", "*c*", "<code>@here</code>",
		"<blockquote>q</blockquote>", "<pre>@channel</pre>")
}

func TestThePageEscapes(t *testing.T) {
	w := newWorld(t)
	const attack = `<script>alert(1)</script><img src=x onerror=alert(2)>' onload='x [a](javascript:alert(1)) ![i](https://e.example/p.png)`
	w.post(`{"channel_id":"` + access + `","message":"` + attack + `","props":{"attachments":[{"color":"url(x)","text":"` + attack + `","footer":"` + attack +
		`","fields":[{"title":"` + attack + `","value":"` + attack + `"}],"actions":[{"id":"a","name":"` + attack + `","type":"button"}]}]}}`)
	page := w.page(t, "?as="+url.QueryEscape(attack))
	for _, bad := range []string{"<script>alert", "<img", `href="javascript:`, "' onload='", "url(x)"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

func TestThePageRefusesOtherSites(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/page/click", "/page/submit", "/page/server", "/sandbox/click", "/sandbox/faults", "/sandbox/do"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		resp, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestInspectionAndStage(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	post := w.card(a.URL)
	for path, want := range map[string]string{
		"/sandbox/messages?key=k1": `"key":"k1"`, "/sandbox/ephemerals?user=bob": `"messages":[]`, "/sandbox/dialogs": `"dialogs":[]`,
		"/sandbox/stats": `"accepted":1`, "/sandbox/results": `"results":[]`, "/sandbox/posts?about=asks": `"actions":["approve","deny"]`,
		"/sandbox/server": `"version":"11.1.0"`, "/assets/mattermost.css": ".attachment",
	} {
		if got := w.raw(http.MethodGet, path, "", ""); got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	a.answer.Store(`{"ephemeral_text":"counted"}`)
	reaction, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: post, Action: "approve"})
	if err != nil || !reaction.OK || reaction.Said != "counted" || reaction.Status != http.StatusOK {
		t.Errorf("%+v, %v", reaction, err)
	}
	if _, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: post, Action: "x"}); err == nil {
		t.Error("a button that is not there was pressed")
	}
	posts := w.sim.Posts()
	if len(posts) != 2 || posts[0].Place != "~access-requests" || posts[1].OnlyFor != "ivan" || posts[1].Parent != post {
		t.Errorf("posts are %+v", posts)
	}
	w.open(a, "true")
	reaction, err = w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: post, Action: "deny", Reason: "no"})
	if calls := a.calls(); err != nil || !reaction.OK || !strings.Contains(calls[len(calls)-1], `"reason":"no"`) {
		t.Errorf("%+v, %v, %v", reaction, err, calls)
	}
}

func TestFollowing(t *testing.T) {
	w := newWorld(t)
	before := w.raw(http.MethodGet, "/sandbox/version", "", "").body
	done := make(chan string, 1)
	go func() { done <- w.raw(http.MethodGet, "/sandbox/wait?version="+before, "", "").body }()
	w.post(`{"channel_id":"` + access + `","message":"x"}`)
	if after := <-done; after == before {
		t.Errorf("version stayed %s", after)
	}
	if got := w.raw(http.MethodGet, "/sandbox/wait", "", ""); got.status != http.StatusBadRequest {
		t.Errorf("%d", got.status)
	}
}

func TestTheDemoPluginNamesItsPeople(t *testing.T) {
	demo := mattermostsim.DemoPlugin(standin.Place{BaseURL: "http://127.0.0.1:4190/mattermost", CallbackURL: "http://127.0.0.1:4195/callback"})
	mustContain(t, demo.Config, "url: http://127.0.0.1:4190/mattermost\n", "callback_url: http://127.0.0.1:4195/callback\n", "tenant: "+demo.Tenant+"\n")
	for _, name := range []string{"alice", "ivan", "bob"} {
		if demo.Accounts[name] != mattermostsim.DemoID(name) {
			t.Errorf("%s is %q", name, demo.Accounts[name])
		}
	}
	if strings.Contains(mattermostsim.DemoPlugin(standin.Place{}).Config, "callback_url") {
		t.Error("an empty callback address is configured")
	}
}

func FuzzPost(f *testing.F) {
	sim, err := mattermostsim.New(mattermostsim.Demo(), standin.Options{Seed: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = sim.Close() })
	f.Add(`{"channel_id":"` + access + `","message":"a [b](c) ` + "`d`" + ` @all\n> e","props":{"attachments":[{"actions":[null,{"id":5}],"fields":[null]}]}}`)
	f.Add(`{"channel_id":"` + access + `","props":{"attachments":[5,null,{"text":["x"],"actions":"y"}],"accede_delivery":5}}`)
	f.Fuzz(func(t *testing.T, body string) {
		serve := func(verb, path, body string) *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), verb, path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+mattermostsim.DemoToken)
			sim.ServeHTTP(answer, r)
			return answer
		}
		got := serve(http.MethodPost, "/api/v4/posts", body)
		if got.Code >= http.StatusInternalServerError {
			t.Errorf("%q answered %d %s", body, got.Code, got.Body)
		}
		if page := serve(http.MethodGet, "/?as=bob", ""); page.Code != http.StatusOK || strings.Contains(page.Body.String(), "<script>alert") {
			t.Errorf("the page answered %d", page.Code)
		}
	})
}
