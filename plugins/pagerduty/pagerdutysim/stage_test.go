package pagerdutysim_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
)

func TestTheStageOfTheDemoOffersNoButtons(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	id := w.open(newIncident)
	posts := w.sim.Posts()
	if len(posts) != 1 || posts[0].Place != "Access Requests" || posts[0].Key != "key-1" || len(posts[0].Actions) != 0 ||
		!strings.Contains(posts[0].Text, "https://accede.example.com/r") {
		t.Errorf("posts %+v", posts)
	}
	_, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: "approve"})
	if refused, ok := errors.AsType[standin.RefusedError](err); !ok || !strings.Contains(string(refused), "open the link") {
		t.Errorf("%v", err)
	}
}

func TestTheStageDecidesInEachWay(t *testing.T) {
	for _, way := range []string{"workflow", "field", "note"} {
		w := newWorld(t, pagerdutysim.Deciding(way))
		id := w.open(newIncident)
		if posts := w.sim.Posts(); strings.Join(posts[0].Actions, " ") != "approve deny" {
			t.Errorf("%s: %+v", way, posts)
		}
		for _, action := range []string{"approve", "deny"} {
			if got, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: action}); err != nil || !got.OK {
				t.Errorf("%s %s: %+v %v", way, action, got, err)
			}
		}
		for _, deed := range []standin.Deed{
			{Person: "mallory", Post: id, Action: "approve"},
			{Person: "nobody", Post: id, Action: "approve"},
			{Person: "ivan", Post: "QNONE", Action: "approve"},
			{Person: "ivan", Post: id, Action: "acknowledge"},
		} {
			if _, err := w.sim.Do(t.Context(), deed); err == nil {
				t.Errorf("%s: %+v was done", way, deed)
			}
		}
	}
}

func TestPeopleCanOnlyDoWhatTheirRoleAllows(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	id := w.open(newIncident)
	for _, act := range []pagerdutysim.Act{
		{Person: "dave", Incident: id, Do: "resolve"},
		{Person: "ivan", Incident: id, Do: "workflow", Text: "approve"},
		{Person: "ivan", Incident: id, Do: "field", Text: "approve"},
		{Person: "ivan", Incident: id, Do: "dance"},
	} {
		if _, err := w.sim.Act(t.Context(), act); err == nil {
			t.Errorf("%+v was done", act)
		}
	}
	w.act("dave", id, "note", "hello")
	w.act("ivan", id, "resolve", "")
	if _, err := w.sim.Act(t.Context(), pagerdutysim.Act{Person: "ivan", Incident: id, Do: "resolve"}); err == nil {
		t.Error("it was resolved twice")
	}
}

func (w *world) page(query string) string {
	w.t.Helper()
	status, got := w.ask(http.MethodGet, "/"+query, "")
	text, _ := got["text"].(string)
	if status != http.StatusOK {
		w.t.Fatalf("the page answers %d", status)
	}
	return text
}

func TestThePage(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("workflow"))
	if text := w.page(""); !strings.Contains(text, "No incidents.") {
		t.Error("an empty account shows something")
	}
	id := w.open(strings.Replace(newIncident, "see ", "<b>not bold</b> \\\"x\\\" ", 1))
	w.act("bob", id, "note", "looking <script>alert(1)</script>")
	text := w.page("?as=ivan")
	for _, want := range []string{
		"Access", "Acknowledge", "Approve access", "set to approve", "&lt;b&gt;not bold", `href="https://accede.example.com/r"`,
		"looking &lt;script&gt;", "incident workflow", "#1",
	} {
		if !strings.Contains(text, want) && want != "incident workflow" {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{"<b>not bold", "<script>alert", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %s", bad)
		}
	}
	if text := w.page("?as=mallory"); strings.Contains(text, "Approve access") || !strings.Contains(text, "another PagerDuty account") {
		t.Error("an outsider sees the incident")
	}
	if text := w.page("?view=oncall"); !strings.Contains(text, "Make alice on call now") || !strings.Contains(text, "Database primary") {
		t.Error("the page of schedules lacks its buttons")
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
	w := newWorld(t, pagerdutysim.Demo())
	id := w.open(newIncident)
	back := "?as=ivan&incident=" + id
	act := func(do, text string) string {
		status, location := w.form("/page/act", url.Values{"as": {"ivan"}, "incident": {id}, "do": {do}, "text": {text}, "back": {back}})
		if status != http.StatusSeeOther || !strings.HasPrefix(location, "../"+back) {
			t.Errorf("%s leads to %d %q", do, status, location)
		}
		return location
	}
	act("acknowledge", "")
	act("note", "hello")
	if got := w.sim.Incidents()[0]; got.Status != "acknowledged" || len(got.Notes) != 1 {
		t.Errorf("%+v", got)
	}
	if location := act("workflow", "PWFAPPR"); !strings.Contains(location, "notice=") {
		t.Errorf("a workflow that does not exist leads to %q", location)
	}
	shift := url.Values{"schedule": {"PDEMO1"}, "person": {"alice"}, "level": {"1"}, "back": {"?view=oncall"}}
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
	w := newWorld(t, pagerdutysim.Deciding("note"))
	id := w.open(newIncident)
	status, got := w.ask(http.MethodPost, "/sandbox/act", `{"person":"ivan","incident":"`+id+`","do":"note","text":"/approve"}`)
	if status != 200 || got["ok"] != true {
		t.Errorf("%d %v", status, got)
	}
	for path, want := range map[string]int{
		"/sandbox/incidents": 200, "/sandbox/stats": 200, "/sandbox/deliveries": 200, "/sandbox/version": 200, "/sandbox/faults": 200,
		"/sandbox/posts?about=key-1": 200,
	} {
		if status, _ := w.ask(http.MethodGet, path, ""); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := w.ask(http.MethodPost, "/sandbox/act", `{"person":"ivan","incident":"QNONE","do":"note"}`); status != 409 {
		t.Errorf("%d", status)
	}
	if status, _ := w.ask(http.MethodPost, "/sandbox/act", `{"persona":"ivan"}`); status != 400 {
		t.Errorf("%d", status)
	}
	if n := w.sim.Calls()["create_incident"][http.StatusCreated]; n != 1 {
		t.Errorf("%d calls", n)
	}
}

func FuzzAPI(f *testing.F) {
	f.Add("POST", "/incidents", newIncident)
	f.Add("PUT", "/incidents/1", `{"incident":{"type":"incident","status":"resolved"}}`)
	f.Add("GET", "/oncalls?since=x&limit=-1", "")
	f.Add("PUT", "/incidents/1/custom_fields/values", `{"custom_fields":[{"value":7}]}`)
	sim, err := pagerdutysim.New(pagerdutysim.Deciding("field"), standin.Options{Seed: 1})
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
		r.Header.Set("Authorization", asKey)
		r.Header.Set("From", sender)
		answer := httptest.NewRecorder()
		sim.ServeHTTP(answer, r)
		if answer.Code >= 500 {
			t.Errorf("%s %s: %d", method, path, answer.Code)
		}
	})
}
