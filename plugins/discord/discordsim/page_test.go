package discordsim_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func (w *world) page(query string) string {
	w.t.Helper()
	got := w.raw(http.MethodGet, "/"+query, nil, "")
	if got.status != http.StatusOK || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
		w.t.Fatalf("%d %v", got.status, got.header)
	}
	return got.body
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// press submits the form that holds the button with that label, as a browser without JavaScript would.
func (w *world) press(page, label string, more url.Values) string {
	w.t.Helper()
	for _, form := range regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(page, -1) {
		if !strings.Contains(form, ">"+label+"</button>") {
			continue
		}
		fields := url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(form, -1) {
			fields.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
		}
		for name, values := range more {
			fields[name] = values
		}
		return w.form("/"+regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form)[1], fields).body
	}
	w.t.Fatalf("no form with a button %q", label)
	return ""
}

func (w *world) contains(page string, wants ...string) {
	w.t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			w.t.Errorf("the page lacks %q", want)
		}
	}
}

func TestThePageCanBeClickedThrough(t *testing.T) {
	a := newApp(t)
	w := newWorld(t, callbackTo(a.URL))
	a.answer = func(rw http.ResponseWriter, payload map[string]any) {
		answer := `{"type":4,"data":{"content":"Thank *you*","flags":64}}`
		if payload["type"] == 3.0 {
			answer = `{"type":9,"data":{"custom_id":"f","title":"Deny the request","components":[{"type":1,"components":[{"type":4,"custom_id":"why","style":2,"label":"Why?"}]}]}}`
		}
		_, _ = io.WriteString(rw, answer)
	}
	w.postCard()
	page := w.page("?as=ivan")
	w.contains(page, "access-requests", "Access request", "<b>dba</b>", "clicks go over HTTP", "warn-edge", "Ivan Petrov", "https://example.com/r1", "<button disabled>Gone")
	form := w.press(page, "Deny", nil)
	w.contains(form, "Deny the request", "Why?")
	w.contains(w.press(form, "Submit", url.Values{"input:why": {""}}), "This field is required.")
	done := w.press(form, "Submit", url.Values{"input:why": {"because"}})
	w.contains(done, "Clicked. The app answered in", "Thank <i>you</i>", "Only you can see this")
	if strings.Contains(w.page("?as=bob"), "Thank") {
		t.Error("bob sees what is for ivan only")
	}
	if strings.Contains(w.page("?as=mallory"), "access-requests") {
		t.Error("mallory sees the channel")
	}
	form = w.press(w.page("?as=bob&bare=1"), "Deny", nil)
	if again := w.press(form, "Cancel", url.Values{"close": {"1"}}); strings.Contains(again, "Deny the request") || len(w.sim.Modals("bob")) != 0 {
		t.Error("the form stays open")
	}
	a.says("nonsense")
	w.contains(w.press(w.page("?as=bob"), "Approve", nil), "This interaction failed")
}

func TestThePageOfAnEmptyDiscord(t *testing.T) {
	w := newWorld(t)
	w.contains(w.page(""), "No messages yet", "app not connected", "night shift", "Standup (voice)")
	w.contains(w.page("?as=mallory&channel="+access), "partners")
	if got := w.form("/page/click", url.Values{"as": {"ivan"}, "channel": {access}, "message": {"1"}, "back": {"?as=ivan"}}); !strings.Contains(got.body, "not there any more") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestInspection(t *testing.T) {
	a := newApp(t)
	a.says(`{"type":6}`)
	w := newWorld(t, callbackTo(a.URL))
	m := w.postCard()
	for path, want := range map[string]string{
		"messages?channel=" + access: `"readable":"Access request`, "messages?key=nope": `{"messages":[]}`, "ephemerals?user=ivan": `{"messages":[]}`,
		"modals": `{"modals":[]}`, "connections": `{"connections":[]}`, "stats": `"refusals":0`, "results": `{"results":[]}`, "version": "1",
		"posts": `"place":"#access-requests"`, "wait?version=0": "1", "wait?version=x": "must be a number",
	} {
		if got := w.raw(http.MethodGet, "/sandbox/"+path, nil, ""); !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for path, c := range map[string][2]string{
		"click":      {`{"user":"ivan","channel":"` + access + `","message":"` + m + `","custom_id":"no"}`, `"ok":true`},
		"submit":     {`{"user":"ivan"}`, "has no form open"},
		"close":      {`{"user":"ivan"}`, `"closed":false`},
		"forge":      {`{"kind":"bad_signature"}`, `"status":401`},
		"probe":      {`{}`, `{"problem":""}`},
		"disconnect": {`{"kind":"drop"}`, `"disconnected":0`},
		"do":         {`{"person":"ivan","post":"` + access + "/" + m + `","action":"no"}`, `"ok":true`},
	} {
		if path == "forge" {
			w.click(m)
		}
		if got := w.raw(http.MethodPost, "/sandbox/"+path, nil, c[0]); !strings.Contains(got.body, c[1]) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := w.raw(http.MethodPost, "/sandbox/click", nil, `{"nonsense":1}`); got.status != http.StatusBadRequest {
		t.Errorf("%d", got.status)
	}
	if got := newWorld(t).raw(http.MethodPost, "/sandbox/probe", nil, `{}`); got.status != http.StatusConflict {
		t.Errorf("%d", got.status)
	}
}
