package servicenowsim_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func (w *world) posts() []standin.Post { return w.sim.Posts() }

func TestPeopleAnswerWhatTheFlowAsks(t *testing.T) {
	w := newWorld(t)
	id, number := w.record()
	if got := w.posts()[0]; got.ID != number || got.Key != "key-1" || len(got.Actions) != 2 || got.Place != servicenowsim.DemoGroupName {
		t.Errorf("post %+v", got)
	}
	do := func(person, action string) error {
		_, err := w.sim.Do(t.Context(), standin.Deed{Person: person, Post: number, Action: action, Reason: "because"})
		return err
	}
	for person, action := range map[string]string{"alice": "approve", "dave": "approve", "nobody": "approve", "ivan": "promote"} {
		if refused, ok := errors.AsType[standin.RefusedError](do(person, action)); !ok {
			t.Errorf("%s may %s: %v", person, action, refused)
		}
	}
	if err := errors.Join(do("ivan", "approve"), do("bob", "deny")); err != nil {
		t.Fatal(err)
	}
	if err := do("ivan", "deny"); err == nil {
		t.Error("ivan decides twice")
	}
	states := map[string]string{}
	for _, r := range w.sim.Rows("sysapproval_approver") {
		states[r["approver"]] = r["state"] + " by " + r["sys_updated_by"]
	}
	want := map[string]string{
		servicenowsim.DemoIvan: "approved by ivan", servicenowsim.DemoBob: "rejected by bob", servicenowsim.DemoCarol: "requested by system",
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	w.call(http.MethodPatch, "/v2/table/incident/"+id, `{"state":"8"}`)
	if got := w.posts()[0]; len(got.Actions) != 0 || !strings.Contains(got.Text, "Approval of Carol Lindqvist: No Longer Required") {
		t.Errorf("post %+v", got)
	}
}

func TestWebhooksGoOutWithTheSecret(t *testing.T) {
	var seen []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("X-Accede-Secret"))
		w.WriteHeader(http.StatusAccepted)
	}))
	defer receiver.Close()
	w := newWorld(t, func(_ *servicenowsim.Config, o *standin.Options) { o.CallbackURL = receiver.URL })
	if _, err := w.sim.Forge(t.Context(), servicenowsim.Forgery{Kind: "replay"}); err == nil {
		t.Error("something was replayed that never was")
	}
	_, number := w.record()
	if err := w.sim.Faults().Set(standin.Faults{DeliverTwice: 1, DeliverLateMS: 1}); err != nil {
		t.Fatal(err)
	}
	reaction, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: number, Action: "approve"})
	if err != nil || reaction.Status != http.StatusAccepted {
		t.Fatalf("%+v, %v", reaction, err)
	}
	for _, kind := range []string{"bad_secret", "no_secret", "replay"} {
		w.want(w.raw(http.MethodPost, "/sandbox/forge", `{"kind":"`+kind+`"}`), http.StatusOK, "202")
	}
	w.want(w.raw(http.MethodPost, "/sandbox/forge", `{"kind":"stale"}`), http.StatusConflict, "kind must be")
	good := servicenowsim.DemoWebhookSecret
	if diff := cmp.Diff([]string{good, good, "another-" + good, "", good}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestTheCalendar(t *testing.T) {
	w := newWorld(t)
	line := func() string {
		got := w.call(http.MethodGet, "/on_call_rota/whoisoncall?rota_ids="+servicenowsim.DemoRota, "")
		var out []string
		for i := 0; got.field(t, "result", i, "userId") != nil; i++ {
			out = append(out, fmt.Sprintf("%v:%v", got.field(t, "result", i, "order"), got.field(t, "result", i, "userId")))
		}
		return strings.Join(out, " ")
	}
	if got := line(); got != "1:"+servicenowsim.DemoIvan+" 2:"+servicenowsim.DemoBob {
		t.Errorf("line %s", got)
	}
	put := func(body string) answered { return w.raw(http.MethodPut, "/sandbox/oncall", body) }
	w.want(put(`{"schedule":"`+servicenowsim.DemoRota+`","person":"alice","level":1}`), http.StatusOK, "Alice Moreau")
	if got := line(); got != "1:"+servicenowsim.DemoAlice+" 2:"+servicenowsim.DemoBob {
		t.Errorf("line %s", got)
	}
	w.want(put(`{"schedule":"none","person":"alice","level":1}`), http.StatusConflict, "there is no rota")
	w.want(put(`{"schedule":"`+servicenowsim.DemoRota+`","person":"zoe","level":1}`), http.StatusConflict, "nobody called zoe")
	w.want(put(`{"level":"x"}`), http.StatusBadRequest, "")
	w.want(w.raw(http.MethodDelete, "/sandbox/oncall", ""), http.StatusOK, "Ivan Petrov")
	w.want(w.call(http.MethodGet, "/on_call_rota/whoisoncall", ""), http.StatusBadRequest, "Missing parameter")
	w.want(w.call(http.MethodGet, "/on_call_rota/whoisoncall?rota_ids=none", ""), http.StatusOK, `{"result":[]}`)
	w.want(w.raw(http.MethodPut, "/sandbox/quirks", `{"no_on_call":true}`), http.StatusOK, "no_on_call")
	w.want(w.call(http.MethodGet, "/on_call_rota/whoisoncall?rota_ids=x", ""), http.StatusBadRequest, "Invalid table")
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// page fetches the page as somebody sees it.
func (w *world) page(query string) string {
	w.t.Helper()
	got := w.raw(http.MethodGet, "/"+query, "")
	if got.status != http.StatusOK || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
		w.t.Fatalf("%d %v", got.status, got.header)
	}
	return got.body
}

// press sends the form that holds the button, as a browser without JavaScript would, and returns the page it leads to.
func (w *world) press(page, button string, more url.Values) string {
	w.t.Helper()
	for _, form := range regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(page, -1) {
		if !strings.Contains(form, ">"+button+"</button>") {
			continue
		}
		fields := url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(form, -1) {
			fields.Set(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
		}
		named := regexp.MustCompile(`name="([a-z]+)" value="([^"]*)">` + button).FindStringSubmatch(form)
		if named != nil {
			fields.Set(named[1], named[2])
		}
		for name, values := range more {
			fields[name] = values
		}
		target := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form)[1]
		got := w.raw(http.MethodPost, "/"+target, fields.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		if got.status != http.StatusSeeOther {
			w.t.Fatalf("pressing %s: %d %s", button, got.status, got.body)
		}
		return w.page(strings.TrimPrefix(got.header.Get("Location"), "../"))
	}
	w.t.Fatalf("no form with a button %q", button)
	return ""
}

func (w *world) shows(page string, wants ...string) {
	w.t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			w.t.Errorf("the page lacks %q", want)
		}
	}
}

func TestThePageWorks(t *testing.T) {
	w := newWorld(t)
	w.shows(w.page("?as=ivan"), "No records yet")
	_, number := w.record()
	w.shows(w.page("?as=ivan"), number, "approval requested", "My approvals")
	mine := w.page("?as=ivan&view=approvals&bare=1")
	w.shows(w.press(mine, "Reject", nil), "Please say why you reject it.")
	after := w.press(mine, "Reject", url.Values{"comment": {"no <script>"}})
	w.shows(after, "is not asked to approve anything")
	record := w.page("?as=bob&record=" + number)
	w.shows(record, "Alice asks", "&lt;b&gt;", "Rejected", "Database Access", "Correlation ID")
	if strings.Contains(record, "<b>") || strings.Contains(w.page("?as=ivan&record="+number), ">Approve<") {
		t.Error("the page shows markup as markup, or a button to somebody who has decided")
	}
	w.shows(w.press(record, "Approve", nil), "Approved")
	calendar := w.page("?as=alice&view=oncall")
	w.shows(calendar, "on call now", "Ivan Petrov", servicenowsim.DemoRota)
	changed := w.press(calendar, "Make alice on call now", nil)
	if got := w.sim.Shifts()[0]; got.Person != "Alice Moreau" || got.Level != 1 {
		t.Errorf("shifts %+v", got)
	}
	w.press(changed, "As planned", nil)
	if got := w.sim.Shifts()[0]; got.Person != "Ivan Petrov" {
		t.Errorf("shifts %+v", got)
	}
	w.press(changed, "Set", url.Values{"person": {"carol"}, "level": {"3"}})
	if got := w.sim.Shifts(); len(got) != 3 || got[2].Person != "Carol Lindqvist" {
		t.Errorf("shifts %+v", got)
	}
	w.shows(w.page("?as=zoe"), "Alice Moreau")
}

func TestWaitingForAChange(t *testing.T) {
	w := newWorld(t)
	before := w.raw(http.MethodGet, "/sandbox/version", "").body
	done := make(chan string, 1)
	go func() { done <- w.raw(http.MethodGet, "/sandbox/wait?version="+before, "").body }()
	w.record()
	if after := <-done; after == before {
		t.Errorf("version %s after a change", after)
	}
	w.want(w.raw(http.MethodGet, "/sandbox/wait?version=x", ""), http.StatusBadRequest, "version must be a number")
	w.want(w.raw(http.MethodGet, "/sandbox/records", ""), http.StatusOK, "Alice asks")
}
