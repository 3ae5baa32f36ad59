package opsgeniesim_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

func TestAnAlertWithoutButtonsOffersNone(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	id := w.open(operations, strings.Replace(newAlert, `["approve","deny"]`, `[]`, 1))
	posts := w.sim.Posts()
	if len(posts) != 1 || posts[0].Place != "Access Requests" || posts[0].Key != "key-1" || len(posts[0].Actions) != 0 ||
		!strings.Contains(posts[0].Text, "https://accede.example.com/r") {
		t.Errorf("posts %+v", posts)
	}
	_, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: "approve"})
	if refused, ok := errors.AsType[standin.RefusedError](err); !ok || !strings.Contains(string(refused), "open its link") {
		t.Errorf("%v", err)
	}
}

func TestButtonsTellTheIntegration(t *testing.T) {
	w := newWorld(t, opsgeniesim.Deciding())
	id := w.open("/v2", newAlert)
	if got, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: "approve"}); err != nil || !got.OK || got.Status != 202 {
		t.Fatalf("%+v, %v", got, err)
	}
	bodies := w.hooks.all()
	if len(bodies) != 1 || !strings.Contains(bodies[0], `"action":"approve"`) || !strings.Contains(bodies[0], `"username":"ivan@example.com"`) ||
		w.hooks.headers[0].Get("X-Accede-Secret") != opsgeniesim.DemoWebhookSecret {
		t.Errorf("webhooks %q", bodies)
	}
	for _, act := range []opsgeniesim.Act{{Do: "acknowledge"}, {Do: "note", Text: "hello"}} {
		act.Person, act.Alert = "bob", id
		if got, err := w.sim.Act(t.Context(), act); err != nil || !got.OK {
			t.Errorf("%+v: %+v, %v", act, got, err)
		}
	}
	if n := len(w.hooks.all()); n != 2 { // the integration has not subscribed to acknowledging
		t.Errorf("%d webhooks", n)
	}
	if err := w.sim.Faults().Set(standin.Faults{DeliverTwice: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sim.Do(t.Context(), standin.Deed{Person: "bob", Post: id, Action: "deny"}); err != nil || len(w.hooks.all()) != 4 {
		t.Errorf("%v, %d webhooks", err, len(w.hooks.all()))
	}
}

func TestPeopleCanOnlyDoWhatTheyMay(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	id := w.open("/v2", newAlert)
	for _, act := range []opsgeniesim.Act{
		{Person: "dave", Alert: id, Do: "close"},
		{Person: "mallory", Alert: id, Do: "note"},
		{Person: "nobody", Alert: id, Do: "note"},
		{Person: "ivan", Alert: "none", Do: "close"},
		{Person: "ivan", Alert: id, Do: "action", Text: "ping"},
		{Person: "ivan", Alert: id, Do: "dance"},
	} {
		if _, err := w.sim.Act(t.Context(), act); err == nil {
			t.Errorf("%+v was done", act)
		}
	}
	if _, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: "acknowledge"}); err == nil {
		t.Error("it was acknowledged through the stage")
	}
	for _, act := range []opsgeniesim.Act{{Person: "dave", Do: "note", Text: "hello"}, {Person: "ivan", Do: "close"}} {
		act.Alert = id
		if _, err := w.sim.Act(t.Context(), act); err != nil {
			t.Errorf("%+v: %v", act, err)
		}
	}
	if _, err := w.sim.Act(t.Context(), opsgeniesim.Act{Person: "ivan", Alert: id, Do: "action", Text: "approve"}); err == nil {
		t.Error("a closed alert was approved")
	}
}

func TestForgeries(t *testing.T) {
	w := newWorld(t, opsgeniesim.Deciding())
	if _, err := w.sim.Forge("replay", nil); err == nil {
		t.Error("what was never sent is sent again")
	}
	id := w.open("/v2", newAlert)
	if _, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: "approve"}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"bad_signature", "missing_signature", "stale", "tampered", "replay"} {
		if status, err := w.sim.Forge(kind, nil); err != nil || status != 202 {
			t.Errorf("%s: %d, %v", kind, status, err)
		}
	}
	if _, err := w.sim.Forge("nonsense", nil); err == nil {
		t.Error("a forgery without a name")
	}
}

func (w *world) page(query string) string {
	w.t.Helper()
	got := w.ask(http.MethodGet, "/"+query, "")
	if got.status != http.StatusOK {
		w.t.Fatalf("the page answers %d", got.status)
	}
	return got.text
}

func TestThePage(t *testing.T) {
	w := newWorld(t, opsgeniesim.Deciding())
	if text := w.page(""); !strings.Contains(text, "No alerts.") {
		t.Error("an empty account shows something")
	}
	id := w.open("/v2", strings.Replace(newAlert, "see ", `<b>not bold</b> \"x\" `, 1))
	if _, err := w.sim.Act(t.Context(), opsgeniesim.Act{Person: "bob", Alert: id, Do: "note", Text: "looking <script>alert(1)</script>"}); err != nil {
		t.Fatal(err)
	}
	text := w.page("?as=ivan")
	for _, want := range []string{
		"Access", "Ack", ">approve</button>", "&lt;b&gt;not bold", `href="https://accede.example.com/r"`, "looking &lt;script&gt;", "#1", "Activity log",
		"for Access Requests", "webhook on",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{"<b>not bold", "<script>alert", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if text := w.page("?as=mallory"); strings.Contains(text, "approve") || !strings.Contains(text, "another account") {
		t.Error("an outsider sees the alert")
	}
	if text := w.page("?view=oncall"); !strings.Contains(text, "Make alice on call now") || !strings.Contains(text, "Database primary") ||
		!strings.Contains(text, "after 10 minutes: Carol Lindqvist") || !strings.Contains(text, "disabled") {
		t.Error("the page of schedules lacks something")
	}
	if text := w.page("?bare=1"); !strings.Contains(text, `class="bare"`) {
		t.Error("the page for frames has a title bar")
	}
}

func (w *world) form(path string, values url.Values) (status int, location string) {
	w.t.Helper()
	answer := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.sim.ServeHTTP(answer, r)
	return answer.Code, answer.Header().Get("Location")
}

func TestTheButtonsOfThePage(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	id := w.open("/v2", newAlert)
	back := "?as=ivan&alert=" + id
	act := func(do, text string) string {
		status, location := w.form("/page/act", url.Values{"as": {"ivan"}, "alert": {id}, "do": {do}, "text": {text}, "back": {back}})
		if status != http.StatusSeeOther || !strings.HasPrefix(location, "../"+back) {
			t.Errorf("%s leads to %d %q", do, status, location)
		}
		return location
	}
	act("acknowledge", "")
	act("note", "hello")
	act("action", "approve")
	if got := w.sim.Alerts()[0]; len(got.Notes) != 1 || !strings.Contains(got.Log[len(got.Log)-1].Text, "[approve]") {
		t.Errorf("%+v", got)
	}
	if location := act("action", "ping"); !strings.Contains(location, "notice=") {
		t.Errorf("a button that does not exist leads to %q", location)
	}
	shift := url.Values{"schedule": {opsgeniesim.DemoSchedule}, "person": {"alice"}, "level": {"1"}, "back": {"?view=oncall"}}
	if status, _ := w.form("/page/oncall", shift); status != http.StatusSeeOther || !strings.Contains(w.page("?view=oncall"), "put there by hand") {
		t.Errorf("answered %d", status)
	}
	shift.Set("clear", "1")
	if _, _ = w.form("/page/oncall", shift); strings.Contains(w.page("?view=oncall"), "put there by hand") {
		t.Error("alice stays on call")
	}
	shift.Del("clear")
	shift.Set("level", "x")
	if _, location := w.form("/page/oncall", shift); !strings.Contains(location, "notice=") {
		t.Errorf("leads to %q", location)
	}
}

func TestInspection(t *testing.T) {
	w := newWorld(t, opsgeniesim.Deciding())
	id := w.open("/v2", newAlert)
	if got := w.ask(http.MethodPost, "/sandbox/act", `{"person":"ivan","alert":"`+id+`","do":"action","text":"approve"}`); got.status != 200 || got.body["ok"] != true {
		t.Errorf("%d %s", got.status, got.text)
	}
	for _, path := range []string{
		"/sandbox/alerts", "/sandbox/stats", "/sandbox/deliveries", "/sandbox/version", "/sandbox/faults", "/sandbox/oncall", "/sandbox/posts?about=key-1",
	} {
		if got := w.ask(http.MethodGet, path, ""); got.status != 200 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if got := w.ask(http.MethodPost, "/sandbox/act", `{"person":"ivan","alert":"none","do":"note"}`); got.status != 409 {
		t.Errorf("%d", got.status)
	}
	if got := w.ask(http.MethodPost, "/sandbox/act", `{"persona":"ivan"}`); got.status != 400 {
		t.Errorf("%d", got.status)
	}
	if n := w.sim.Calls()["create_alert"][http.StatusAccepted]; n != 1 {
		t.Errorf("%d calls", n)
	}
	if w.sim.Put(opsgeniesim.Draft{Alias: "key-2", Team: "none"}) != "" || w.sim.Put(opsgeniesim.Draft{Alias: "key-2", Team: opsgeniesim.DemoTeam}) == "" {
		t.Error("alerts are put where there is nothing")
	}
}

func FuzzAPI(f *testing.F) {
	f.Add("POST", "/v2/alerts", newAlert)
	f.Add("PUT", "/v2/alerts/1/message", `{"message":"x"}`)
	f.Add("GET", "/v2/alerts?query=alias%3A+x&offset=-1&limit=-1", "")
	f.Add("GET", "/v2/schedules/"+opsgeniesim.DemoSchedule+"/timeline?interval=99999999&intervalUnit=months", "")
	f.Add("GET", "/v2/alerts/requests/x", "")
	sim, err := opsgeniesim.New(opsgeniesim.Deciding(), standin.Options{Seed: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = sim.Close() })
	f.Fuzz(func(t *testing.T, method, path, body string) {
		address, err := url.Parse(path)
		if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/sandbox") || method == "" || strings.ContainsAny(method, " \r\n\t/()<>@,;:\\\"[]?={}") {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Method, r.URL = method, address
		r.Header.Set("Authorization", "GenieKey "+opsgeniesim.DemoKey)
		answer := httptest.NewRecorder()
		sim.ServeHTTP(answer, r)
		if answer.Code >= 500 {
			t.Errorf("%s %s: %d", method, path, answer.Code)
		}
	})
}
