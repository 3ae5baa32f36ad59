package slacksim_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// page fetches the page as somebody sees it.
func (w *world) page(t *testing.T, query string) string {
	t.Helper()
	got := w.raw(http.MethodGet, "/"+query, "", "", "")
	if got.status != http.StatusOK {
		t.Fatalf("%d", got.status)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
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
	if strings.Contains(form, `method="get"`) {
		return w.page(t, "?"+fields.Encode())
	}
	return w.raw(http.MethodPost, "/"+target, "application/x-www-form-urlencoded", "", fields.Encode()).body
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

func TestPageClickThrough(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	app.answer = func(rw http.ResponseWriter, c slack.InteractionCallback) {
		switch {
		case c.Type == slack.InteractionTypeViewSubmission && c.View.State.Values["reason"]["text"].Value == "no":
			_, _ = fmt.Fprint(rw, `{"response_action":"errors","errors":{"reason":"Say more."}}`)
		case c.Type == slack.InteractionTypeBlockActions && c.ActionCallback.BlockActions[0].ActionID == "deny":
			if _, err := w.api.OpenViewContext(t.Context(), c.TriggerID, denyModal()); err != nil {
				t.Error(err)
			}
		}
	}
	w.postCard()
	page := w.page(t, "?as=ivan")
	mustContain(t, page, "access-requests", "Access request", "Ivan Petrov", "clicks go over HTTP")
	mustContain(t, w.press(t, page, "approve", nil), "Clicked. The app answered in")
	if app.last.Load().User.ID != "U0IVAN" {
		t.Error("the click came from somebody else")
	}

	page = w.press(t, page, "deny", nil)
	mustContain(t, page, `role="dialog"`, "Why?")
	name := regexp.MustCompile(`<textarea id="([^"]+)"`).FindStringSubmatch(page)[1]
	mustContain(t, w.press(t, page, "Deny", url.Values{name: {""}}), "Please complete this required field.")
	mustContain(t, w.press(t, page, "Deny", url.Values{name: {"no"}}), "Say more.", ">no</textarea>")
	mustContain(t, w.press(t, page, "Deny", url.Values{name: {"two\r\nlines"}}), "Sent. The app answered in")
	if got := app.last.Load().View.State.Values["reason"]["text"].Value; got != "two\nlines" {
		t.Errorf("got %q", got)
	}

	page = w.press(t, w.page(t, "?as=ivan"), "deny", nil)
	page = w.press(t, page, "Cancel", url.Values{"close": {"1"}})
	if strings.Contains(page, `role="dialog"`) {
		t.Error("cancelling left the modal open")
	}
}

func TestPageConfirmsFirst(t *testing.T) {
	app := newReceiver(t)
	w := newWorld(t, callbackTo(app.URL))
	w.ok("chat.postMessage", "channel", access, "blocks", buttons(`,"confirm":{"title":{"type":"plain_text","text":"Sure?"},`+
		`"text":{"type":"mrkdwn","text":"Really *now*?"},"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}`))
	page := w.press(t, w.page(t, "?as=bob"), "Go", nil)
	mustContain(t, page, "Sure?", "Really <b>now</b>?", ">No</a>")
	if app.accepted.Load() != 0 {
		t.Fatal("clicked before confirming")
	}
	mustContain(t, w.press(t, page, "Yes", nil), "Clicked.")
}

func TestPageShowsWhatThatPersonSees(t *testing.T) {
	w := newWorld(t)
	ts := w.postCard()
	w.ok("chat.postMessage", "channel", access, "thread_ts", ts, "text", "Ivan approved, 1 of 2")
	w.ok("chat.update", "channel", access, "ts", ts, "text", "decided")
	w.ok("chat.postEphemeral", "channel", access, "user", "U0CAROL", "text", "connect first")
	w.ok("chat.postMessage", "channel", "U0BOB", "text", "please review")
	mustContain(t, w.page(t, "?as=carol"), "connect first", "Only visible to you", "(edited)", "Ivan approved, 1 of 2")
	mustContain(t, w.page(t, "?as=bob&channel=D0BOB"), "please review")
	if page := w.page(t, "?as=bob"); strings.Contains(page, "connect first") {
		t.Error("bob sees what only carol should")
	}
	for _, query := range []string{"?as=carol&channel=G0SEC", "?as=ivan&channel=D0BOB"} {
		if page := w.page(t, query); strings.Contains(page, "please review") || strings.Contains(page, `class="here" aria-current="page"><span>security`) {
			t.Errorf("%s shows a conversation of others", query)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	w := newWorld(t)
	const attack = `<script>alert(1)</script><img src=x onerror=alert(2)>" onload="x`
	w.ok("chat.postMessage", "channel", access, "text", attack)
	w.ok("chat.postMessage", "channel", access, "text", "<javascript:alert(1)|innocent> <https://example.com/\"onclick=\"x|link>")
	w.ok("chat.postMessage", "channel", access, "blocks",
		`[{"type":"section","text":{"type":"plain_text","text":`+quote(attack)+`}},{"type":"context","elements":[{"type":"mrkdwn","text":`+quote(attack)+`}]},`+
			`{"type":"actions","elements":[{"type":"button","action_id":"x","url":"javascript://x/%0aalert(1)","text":{"type":"plain_text","text":`+quote(attack)+`}}]}]`)
	page := w.page(t, "?as="+url.QueryEscape(attack))
	for _, bad := range []string{"<script>alert", "<img", `href="javascript:`, `" onload="`, `"onclick=`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

func TestPageRefusesOtherSites(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/page/click", "/page/submit", "/sandbox/click", "/sandbox/faults"} {
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

func TestPageSwitches(t *testing.T) {
	w := newWorld(t)
	page := w.page(t, "?as=bob")
	page = w.press(t, page, "Apply", url.Values{"drop_after": {"0.25"}, "only": {"chat.postMessage"}})
	mustContain(t, page, ">on</span>", `value="0.25"`, "Bob Okafor</option>")
	if got := w.sim.Faults().Get(); got.DropAfter != 0.25 || len(got.Only) != 1 {
		t.Errorf("%+v", got)
	}
	w.press(t, page, "Back to good health", url.Values{"clear": {"1"}})
	if got := w.sim.Faults().Get(); got.DropAfter != 0 {
		t.Errorf("%+v", got)
	}
}

func TestFollowing(t *testing.T) {
	w := newWorld(t)
	before := w.raw(http.MethodGet, "/sandbox/version", "", "", "").body
	done := make(chan string, 1)
	go func() {
		done <- w.raw(http.MethodGet, "/sandbox/wait?version="+before, "", "", "").body
	}()
	w.postCard()
	if after := <-done; after == before {
		t.Errorf("version stayed %s", after)
	}
	if got := w.raw(http.MethodGet, "/sandbox/wait", "", "", ""); got.status != http.StatusBadRequest {
		t.Errorf("%d", got.status)
	}
}

func TestInspection(t *testing.T) {
	w := newWorld(t)
	w.postCard()
	w.click("bob", w.postCard(), "approve")
	for path, list := range map[string]string{
		"/sandbox/messages?key=k1": "messages", "/sandbox/messages?channel=G0SEC": "messages", "/sandbox/ephemerals?user=bob": "messages",
		"/sandbox/views?user=bob": "views", "/sandbox/connections": "connections", "/sandbox/results": "results",
	} {
		_, out := w.do(http.MethodGet, path, "", "", "")
		items, ok := out[list].([]any)
		want := map[string]int{"/sandbox/messages?key=k1": 2, "/sandbox/results": 1}[path]
		if !ok || len(items) != want {
			t.Errorf("%s: %v", path, out)
		}
	}
	_, stats := w.do(http.MethodGet, "/sandbox/stats?keys=false", "", "", "")
	if stats["accepted"] != 2.0 || stats["keys"] != nil {
		t.Errorf("%v", stats)
	}
	_, out := w.do(http.MethodPost, "/sandbox/disconnect", "", "", `{"reason":"warning"}`)
	if out["disconnected"] != 0.0 {
		t.Errorf("%v", out)
	}
}
