package jirasim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller speaks to the stand-in as a client that knows Jira's documentation and nothing else.
type caller struct {
	t    *testing.T
	sim  *Sim
	url  string
	auth func(*http.Request)
}

func asCloud(r *http.Request) { r.SetBasicAuth(DemoEmail, DemoToken) }

func asDataCenter(r *http.Request) { r.Header.Set("Authorization", "Bearer "+DemoToken) }

func start(t *testing.T, cfg Config, options standin.Options) *caller {
	t.Helper()
	sim, err := New(cfg, options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/jira", sim))
	t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:errcheck // it is one
	})
	c := &caller{t: t, sim: sim, url: server.URL + "/jira", auth: asCloud}
	if !cfg.Cloud {
		c.auth = asDataCenter
	}
	return c
}

// call returns the status, the answer and its headers.
func (c *caller) call(method, path, body string) (int, map[string]any, http.Header) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	c.auth(request)
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		return 0, nil, nil
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, nil
	}
	var out map[string]any
	_ = json.Unmarshal(raw, &out) // pages are no JSON
	return response.StatusCode, out, response.Header
}

func (c *caller) want(status int, method, path, body string) map[string]any {
	c.t.Helper()
	got, out, _ := c.call(method, path, body)
	if got != status {
		c.t.Errorf("%s %s: answered %d %v, want %d", method, path, got, out, status)
	}
	return out
}

const wikiIssue = `{"fields":{"project":{"key":"AR"},"issuetype":{"name":"Task"},"summary":"s","description":"d","labels":["l"]},
	"properties":[{"key":"p","value":{"key":"k"}}]}`

func (c *caller) issue() string {
	c.t.Helper()
	return fmt.Sprint(c.want(201, "POST", "/rest/api/2/issue", wikiIssue)["id"])
}

func TestWhatOnlyOneEditionHas(t *testing.T) {
	cloud, center := start(t, Demo(), standin.Options{}), start(t, DemoDataCenter(), standin.Options{})
	if out := cloud.want(410, "POST", "/rest/api/2/search", `{"jql":"project = AR"}`); !strings.Contains(fmt.Sprint(out), "CHANGE-2046") {
		t.Errorf("the removed search says %v", out)
	}
	for _, path := range []string{"/rest/api/3/myself", "/rest/api/2/search/jql?jql=project=AR", "/rest/api/2/issue/1/changelog"} {
		center.want(404, "GET", path, "")
	}
	center.want(404, "POST", "/rest/api/2/changelog/bulkfetch", `{"issueIdsOrKeys":["1"]}`)
	cloud.want(200, "GET", "/rest/api/3/myself", "")
	cloud.want(400, "POST", "/rest/api/3/search/jql", `{"jql":"ORDER BY created"}`)
	center.want(200, "POST", "/rest/api/2/search", `{"jql":"project = AR"}`)
	cloud.want(200, "GET", "/_edge/tenant_info", "")
}

func TestWhoMayCall(t *testing.T) {
	c := start(t, Demo(), standin.Options{})
	tries := map[string]struct {
		auth   func(*http.Request)
		prefix string
		want   int
	}{
		"nobody":                         {func(*http.Request) {}, "", 401},
		"a wrong token":                  {func(r *http.Request) { r.SetBasicAuth(DemoEmail, "x") }, "", 401},
		"another address":                {func(r *http.Request) { r.SetBasicAuth("ivan@example.com", DemoToken) }, "", 401},
		"a bearer":                       {asDataCenter, "", 401},
		"a service token at the site":    {func(r *http.Request) { r.SetBasicAuth(DemoEmail, DemoServiceToken) }, "", 401},
		"a service token at the gateway": {func(r *http.Request) { r.SetBasicAuth(DemoEmail, DemoServiceToken) }, "/ex/jira/" + DemoCloudID, 200},
		"a classic token at the gateway": {asCloud, "/ex/jira/" + DemoCloudID, 401},
		"the account":                    {asCloud, "", 200},
	}
	for name, try := range tries {
		c.auth = try.auth
		if got, _, _ := c.call("GET", try.prefix+"/rest/api/2/myself", ""); got != try.want {
			t.Errorf("%s: %d, want %d", name, got, try.want)
		}
	}
}

func TestDocumentsAreChecked(t *testing.T) {
	c := start(t, Demo(), standin.Options{})
	with := func(description string) string {
		return `{"fields":{"project":{"id":"10100"},"issuetype":{"name":"Task"},"summary":"s","description":` + description + `}}`
	}
	c.want(201, "POST", "/rest/api/3/issue", with(`{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}`))
	for _, bad := range []string{
		`"plain"`, `{"type":"doc"}`, `{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":""}]}]}`,
		`{"type":"doc","version":1,"content":[{"type":"text","text":"x"}]}`, `{"type":"doc","version":1,"content":[{"type":"iframe"}]}`,
	} {
		c.want(400, "POST", "/rest/api/3/issue", with(bad))
	}
	c.want(400, "POST", "/rest/api/2/issue", strings.Replace(wikiIssue, `"d"`, `"`+strings.Repeat("x", maxText+1)+`"`, 1))
	c.want(400, "POST", "/rest/api/2/issue", strings.Replace(wikiIssue, `"s"`, `"`+strings.Repeat("x", maxSummary+1)+`"`, 1))
	c.want(400, "POST", "/rest/api/2/issue", strings.Replace(wikiIssue, `"l"`, `"two words"`, 1))
	c.want(400, "POST", "/rest/api/2/issue", strings.Replace(wikiIssue, `"AR"`, `"NO"`, 1))
	c.want(400, "POST", "/rest/api/2/issue", strings.Replace(wikiIssue, `"Task"`, `"Bug"`, 1))
}

func TestTheWorkflowDecidesWhereAnIssueMayGo(t *testing.T) {
	cfg := Demo()
	cfg.Initial = Backlog
	c := start(t, cfg, standin.Options{})
	id := c.issue()
	path := "/rest/api/2/issue/" + id + "/transitions"
	offered, _ := c.want(200, "GET", path, "")["transitions"].([]any)
	if len(offered) != 1 {
		t.Fatalf("offered %v", offered)
	}
	c.want(400, "POST", path, `{"transition":{"id":"`+transitionID(Approved)+`"}}`)
	c.want(204, "POST", path, `{"transition":{"id":"`+transitionID(Waiting)+`"}}`)
	if _, err := c.sim.Move(t.Context(), Move{Person: "dave", Issue: id, To: Approved}); err == nil {
		t.Error("dave, who may only look, moved an issue")
	}
	if _, err := c.sim.Move(t.Context(), Move{Person: "mallory", Issue: id, To: Approved}); err == nil {
		t.Error("mallory, who sees nothing, moved an issue")
	}
	c.sim.cfg.Users[0].Permissions = []string{browse}
	if offered, _ := c.want(200, "GET", path, "")["transitions"].([]any); len(offered) != 0 {
		t.Errorf("offered %v without the permission, want an empty list", offered)
	}
	c.want(403, "PUT", "/rest/api/2/issue/"+id, `{"fields":{"summary":"x"}}`)
	c.want(403, "POST", "/rest/api/2/issue/"+id+"/comment", `{"body":"x"}`)
}

func TestHistoriesHaveTheOrderOfTheirEdition(t *testing.T) {
	for name, cfg := range map[string]Config{"cloud": Demo(), "data center": DemoDataCenter()} {
		c := start(t, cfg, standin.Options{})
		id := c.issue()
		for _, to := range []string{Backlog, Waiting, Approved} {
			if _, err := c.sim.Move(t.Context(), Move{Person: "bob", Issue: id, To: to}); err != nil {
				t.Fatal(err)
			}
		}
		out := c.want(200, "GET", "/rest/api/2/issue/"+id+"?expand=changelog&fields=status", "")
		var got struct {
			Changelog struct {
				Histories []struct {
					Author  map[string]any
					Created string
					Items   []changeItem
				}
			}
		}
		raw, err := json.Marshal(out)
		if err != nil || json.Unmarshal(raw, &got) != nil || len(got.Changelog.Histories) != 3 {
			t.Fatalf("%s: %s", name, raw)
		}
		newest := got.Changelog.Histories[0]
		if !cfg.Cloud {
			newest = got.Changelog.Histories[2]
		}
		if newest.Items[0].To != Approved || strings.Contains(newest.Created, "Z") {
			t.Errorf("%s: the newest entry is %+v", name, newest)
		}
		if _, shown := newest.Author["emailAddress"]; shown == cfg.Cloud {
			t.Errorf("%s: bob, who hides his address, is shown as %v", name, newest.Author)
		}
	}
}

func TestTheSearchLagsBehind(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	cfg := Demo()
	cfg.IndexDelay, cfg.PageSize = time.Minute, 2
	c := start(t, cfg, standin.Options{Clock: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	id := c.issue()
	for range 4 {
		c.issue()
	}
	search := func(token string) map[string]any {
		return c.want(200, "POST", "/rest/api/3/search/jql", `{"jql":"labels in (\"l\", \"m\")","maxResults":100,"nextPageToken":"`+token+`"}`)
	}
	if out := search(""); len(listOf(out, "issues")) != 0 {
		t.Errorf("the search knows an issue at once: %v", out)
	}
	c.want(200, "GET", "/rest/api/2/issue/"+id, "")
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	found, token := 0, ""
	for range 4 {
		out := search(token)
		found += len(listOf(out, "issues"))
		if out["isLast"] == true {
			break
		}
		token = fmt.Sprint(out["nextPageToken"])
	}
	if found != 5 {
		t.Errorf("found %d issues page by page, want 5", found)
	}
}

func listOf(out map[string]any, name string) []any {
	list, _ := out[name].([]any)
	return list
}

func TestDataCentersSearchTripsOverDeletedIssues(t *testing.T) {
	cfg := DemoDataCenter()
	cfg.IndexDelay = 0
	c := start(t, cfg, standin.Options{})
	id := c.issue()
	c.want(400, "POST", "/rest/api/2/search", `{"jql":"id in (`+id+`,999)"}`)
	out := c.want(200, "POST", "/rest/api/2/search", `{"jql":"id in (`+id+`,999)","validateQuery":false}`)
	if out["total"] != float64(1) {
		t.Errorf("found %v", out)
	}
}

func TestCommentsForARole(t *testing.T) {
	c := start(t, Demo(), standin.Options{})
	id := c.issue()
	path := "/rest/api/2/issue/" + id + "/comment"
	c.want(201, "POST", path, `{"body":"x","visibility":{"type":"role","value":"Reviewers"},"properties":[{"key":"p","value":{"key":"k1"}}]}`)
	c.want(400, "POST", path, `{"body":"x","visibility":{"type":"role","value":"Administrators"}}`)
	out := c.want(200, "GET", path+"?orderBy=-created&expand=properties", "")
	if len(listOf(out, "comments")) != 1 || !strings.Contains(fmt.Sprint(out), "k1") {
		t.Errorf("comments %v", out)
	}
	for person, sees := range map[string]bool{"ivan": true, "alice": false} {
		if page := c.page("/?as=" + person + "&issue=AR-1"); strings.Contains(page, "only for Reviewers") != sees {
			t.Errorf("%s sees the comment: %t, want %t", person, !sees, sees)
		}
	}
}

func (c *caller) page(path string) string {
	c.t.Helper()
	rec := httptest.NewRecorder()
	c.sim.ServeHTTP(rec, httptest.NewRequestWithContext(c.t.Context(), http.MethodGet, path, http.NoBody))
	if rec.Code != http.StatusOK {
		c.t.Fatalf("%s: %d", path, rec.Code)
	}
	return rec.Body.String()
}

func TestFaultsLookLikeJiras(t *testing.T) {
	c := start(t, Demo(), standin.Options{})
	set := func(f standin.Faults) {
		t.Helper()
		if err := c.sim.Faults().Set(f); err != nil {
			t.Fatal(err)
		}
	}
	set(standin.Faults{RateLimit: 1, RetryAfter: 9})
	status, _, header := c.call("GET", "/rest/api/2/myself", "")
	if status != 429 || header.Get("Retry-After") != "9" || header.Get("RateLimit-Reason") != "jira-burst-based" {
		t.Errorf("%d %v", status, header)
	}
	for name, f := range map[string]standin.Faults{
		"500 and done": {FailAfter: 1}, "dropped and done": {DropAfter: 1}, "half and done": {TruncateJSON: 1},
	} {
		before := len(c.sim.Issues())
		f.Only = []string{"create_issue"}
		set(f)
		c.call("POST", "/rest/api/2/issue", wikiIssue)
		if len(c.sim.Issues()) != before+1 {
			t.Errorf("%s: the issue was not made", name)
		}
	}
	set(standin.Faults{FailBefore: 1, Only: []string{"create_issue"}})
	before := len(c.sim.Issues())
	c.want(500, "POST", "/rest/api/2/issue", wikiIssue)
	if len(c.sim.Issues()) != before {
		t.Error("an issue was made by a call that failed before")
	}
}

// door takes webhooks.
type door struct {
	mu     sync.Mutex
	status int
	got    []http.Header
	bodies [][]byte
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		d.got, d.bodies = append(d.got, r.Header.Clone()), append(d.bodies, body)
	}
	w.WriteHeader(d.status)
}

func (d *door) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.got)
}

func TestWebhooksAreSignedAndSentAgain(t *testing.T) {
	for name, cfg := range map[string]Config{"cloud": Demo(), "data center": DemoDataCenter()} {
		t.Run(name, func(t *testing.T) {
			d := &door{status: http.StatusServiceUnavailable}
			server := httptest.NewServer(d)
			t.Cleanup(server.Close)
			cfg.RetryWebhook = time.Millisecond
			c := start(t, cfg, standin.Options{CallbackURL: server.URL + "/callback"})
			tries := webhookTries
			if !cfg.Cloud {
				tries = 1
			}
			id := c.issue()
			eventually.True(t, 10*time.Second, "the webhook about the new issue", func() bool { return d.count() == tries })
			got, err := c.sim.Move(t.Context(), Move{Person: "ivan", Issue: id, To: Approved, Comment: "fine"})
			if err != nil || got.Status != http.StatusServiceUnavailable {
				t.Fatalf("%+v, %v", got, err)
			}
			eventually.True(t, 10*time.Second, "every try", func() bool { return d.count() == 2*tries })
			d.mu.Lock()
			defer d.mu.Unlock()
			first, last := d.got[tries], d.got[2*tries-1]
			if first.Get("X-Hub-Signature") != Sign(DemoWebhookSecret, d.bodies[tries]) || first.Get("X-Hub-Signature-256") != "" {
				t.Errorf("headers %v", first)
			}
			if first.Get("X-Atlassian-Webhook-Identifier") != last.Get("X-Atlassian-Webhook-Identifier") || !bytes.Equal(d.bodies[tries], d.bodies[2*tries-1]) {
				t.Error("a repetition is another webhook")
			}
			if cfg.Cloud && last.Get("X-Atlassian-Webhook-Retry") != "4" {
				t.Errorf("headers of the last try %v", last)
			}
			if body := string(d.bodies[tries]); !strings.Contains(body, `"webhookEvent":"jira:issue_updated"`) || !strings.Contains(body, `"to":"`+Approved+`"`) {
				t.Errorf("body %s", body)
			}
		})
	}
}

func TestTheStage(t *testing.T) {
	c := start(t, Demo(), standin.Options{})
	c.issue()
	posts := c.sim.Posts()
	if len(posts) != 1 || posts[0].Key != "k" || strings.Join(posts[0].Actions, " ") != "approve deny" {
		t.Fatalf("posts %+v", posts)
	}
	for _, refused := range []standin.Deed{
		{Person: "dave", Post: "AR-1", Action: "approve"},
		{Person: "ivan", Post: "AR-1", Action: "like"},
		{Person: "ivan", Post: "AR-7", Action: "deny"},
		{Person: "who", Post: "AR-1", Action: "deny"},
	} {
		if _, err := c.sim.Do(t.Context(), refused); err == nil {
			t.Errorf("%+v was done", refused)
		}
	}
	reaction, err := c.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: "AR-1", Action: "deny", Reason: "no"})
	posts = c.sim.Posts()
	if err != nil || !reaction.OK || len(posts) != 2 || len(posts[0].Actions) != 0 || posts[1].Parent != "AR-1" || posts[1].Text != "no" {
		t.Errorf("%+v, %v, posts %+v", reaction, err, posts)
	}
}

func TestThePage(t *testing.T) {
	c := start(t, Demo(), standin.Options{})
	if page := c.page("/?as=ivan"); !strings.Contains(page, "No issues yet") {
		t.Error("an empty board does not say so")
	}
	c.issue()
	page := c.page("/?as=ivan&issue=AR-1")
	for _, want := range []string{`draggable="true"`, `data-allowed="` + Approved, `src="assets/board.js"`, `aria-label="AR-1"`, "Withdrawn"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if page := c.page("/?as=dave"); strings.Contains(page, `draggable="true"`) || strings.Contains(page, "page/move") {
		t.Error("dave may only look, and is offered to move issues")
	}
	if page := c.page("/?as=mallory"); strings.Contains(page, "AR-1") || !strings.Contains(page, "sees nothing of it") {
		t.Error("mallory sees the project")
	}
	for _, own := range []string{"/assets/board.css", "/assets/board.js"} {
		if text := c.page(own); text == "" || strings.Contains(text, "http") {
			t.Errorf("%s: %s", own, text)
		}
	}
	rec := httptest.NewRecorder()
	form := strings.NewReader("as=ivan&issue=AR-1&to=" + Denied + "&comment=no&back=%3Fas%3Divan")
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/page/move", form)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.sim.ServeHTTP(rec, request)
	if rec.Code != http.StatusSeeOther || c.sim.Issues()[0].Status != Denied {
		t.Errorf("%d, status %s", rec.Code, c.sim.Issues()[0].Status)
	}
}

func TestWikiMarkupComesAliveUnlessEscaped(t *testing.T) {
	for _, markup := range []string{
		"*b*", "{code}", "[x|https://evil.example]", "[~ivan]", "https://evil.example", "h1. big", "(/)", "!image.png!", "AR-12",
		"a@b.example", "|cell|", "_it_", "mailto:x@y.example",
	} {
		if len(Live(markup)) == 0 {
			t.Errorf("%q stays text", markup)
		}
	}
	if live := Live(`\*b\* \{code\} \[x\|https\://evil.example\] \[\~ivan\] \(/\) AR\-12 a\@b.example &#92;`); len(live) != 0 {
		t.Errorf("escaped markup comes alive: %q", live)
	}
}

func FuzzWiki(f *testing.F) {
	f.Add("*b* [x|https://evil.example] {code}")
	f.Fuzz(func(t *testing.T, markup string) {
		if out := renderWiki(markup); strings.Contains(strings.ToLower(out.html), "<script") {
			t.Errorf("%q becomes %s", markup, out.html)
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"<script>"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := readText(raw, "3")
		if err == nil && strings.Contains(strings.ToLower(string(got.html())), "<script") {
			t.Errorf("%s becomes %s", raw, got.html())
		}
	})
}
