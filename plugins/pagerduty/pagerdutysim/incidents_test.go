package pagerdutysim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/pagerduty/pagerdutysim"
	"github.com/accede/accede/plugins/standin"
)

func TestCredentials(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	for name, c := range map[string]struct {
		authorization, from string
		status, code        int
	}{
		"none":             {"", sender, 401, 2006},
		"wrong":            {"Token token=nonsense", sender, 401, 2006},
		"bearer of a key":  {"Bearer " + pagerdutysim.DemoKey, sender, 401, 2006},
		"read-only":        {"Token token=" + pagerdutysim.DemoReadOnlyKey, sender, 403, 2010},
		"no From":          {asKey, "", 400, 2001},
		"From of a nobody": {asKey, "nobody@example.com", 400, 1008},
		"account key":      {asKey, sender, 201, 0},
	} {
		body := strings.Replace(newIncident, "key-1", name, 1)
		status, got := w.ask(http.MethodPost, "/incidents", body, header("Authorization", c.authorization), header("From", c.from))
		code, _ := dig(got, "error", "code").(float64)
		if status != c.status || int(code) != c.code {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	user := header("Authorization", "Token token="+pagerdutysim.DemoUserKey)
	if status, _ := w.ask(http.MethodPost, "/incidents", newIncident, user, func(r *http.Request) { r.Header.Del("From") }); status != 201 {
		t.Errorf("a user's key without From: %d", status)
	}
	if status, got := w.ask(http.MethodGet, "/users/me", "", user); status != 200 || dig(got, "user", "id") != "PACCEDE" {
		t.Errorf("me: %d %v", status, got)
	}
	if status, _ := w.ask(http.MethodGet, "/users/me", ""); status != 400 {
		t.Errorf("me with the account's key: %d", status)
	}
}

func TestScopedTokens(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	form := func(secret, scope string) (int, object) {
		return w.ask(http.MethodPost, "/oauth/token", "grant_type=client_credentials&client_id="+pagerdutysim.DemoClientID+
			"&client_secret="+secret+"&scope="+strings.ReplaceAll(scope, " ", "+"), header("Content-Type", "application/x-www-form-urlencoded"))
	}
	if status, _ := form("wrong", "as_account-us.accede-demo"); status != 401 {
		t.Errorf("a wrong secret: %d", status)
	}
	if status, _ := form(pagerdutysim.DemoClientSecret, "as_account-eu.accede-demo incidents.read"); status != 400 {
		t.Errorf("another region: %d", status)
	}
	status, got := form(pagerdutysim.DemoClientSecret, "as_account-us.accede-demo incidents.read webhook_subscriptions.read")
	value, _ := got["access_token"].(string)
	if status != 200 || got["scope"] != "as_account-us.accede-demo incidents.read" {
		t.Fatalf("%d %v", status, got)
	}
	bearer := header("Authorization", "Bearer "+value)
	if status, _ := w.ask(http.MethodGet, "/incidents", "", bearer); status != 200 {
		t.Errorf("what was granted: %d", status)
	}
	if status, _ := w.ask(http.MethodGet, "/users", "", bearer); status != 403 {
		t.Errorf("what was not granted: %d", status)
	}
	w.advance(25 * time.Hour)
	if status, _ := w.ask(http.MethodGet, "/incidents", "", bearer); status != 401 {
		t.Errorf("after a day: %d", status)
	}
}

func TestOneOpenIncidentPerKeyAndService(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	first := w.open(newIncident)
	if status, got := w.ask(http.MethodPost, "/incidents", newIncident); status != 400 || dig(got, "error", "code") != 2001.0 {
		t.Errorf("a second one: %d %v", status, got)
	}
	w.open(strings.Replace(newIncident, "PSVCREQ", "PSVCDB1", 1))
	resolve := `{"incident":{"type":"incident_reference","status":"resolved","resolution":"done"}}`
	if status, _ := w.ask(http.MethodPut, "/incidents/"+first, resolve); status != 200 {
		t.Errorf("resolving: %d", status)
	}
	if status, got := w.ask(http.MethodPut, "/incidents/"+first, resolve); status != 400 || dig(got, "error", "code") != 1001.0 {
		t.Errorf("resolving again: %d %v", status, got)
	}
	if second := w.open(newIncident); second == first {
		t.Error("the resolved incident came back")
	}
	for body, status := range map[string]int{
		`{"incident":{"type":"incident","service":{"id":"PSVCREQ"}}}`: 400, `{"incident":{"title":"x"}}`: 400, `hello`: 400,
		`{"incident":{"title":"x","service":{"id":"PNONE"}}}`:                      400,
		`{"incident":{"title":"x","service":{"id":"PSVCOLD"}}}`:                    400,
		`{"incident":{"title":"x","urgency":"mid","service":{"id":"PSVCREQ"}}}`:    400,
		`{"incident":{"title":"x","service":{"id":"PSVCREQ","type":"x"},"x":"y"}}`: 201,
	} {
		if got, answer := w.ask(http.MethodPost, "/incidents", body); got != status {
			t.Errorf("%s: %d %v", body, got, answer)
		}
	}
}

func TestLookingUpByKey(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	id := w.open(newIncident)
	w.open(strings.Replace(newIncident, "key-1", "key-2", 1))
	w.advance(45 * 24 * time.Hour)
	w.open(strings.Replace(newIncident, "key-1", "key-3", 1))
	for query, want := range map[string]int{
		"incident_key=key-1":                                        0, // a month back is where PagerDuty stops
		"incident_key=key-1&date_range=all":                         1,
		"incident_key=&date_range=all":                              3, // an empty key is no key
		"date_range=all&service_ids[]=PSVCDB1":                      0,
		"date_range=all&statuses[]=resolved":                        0,
		"date_range=all&statuses[]=triggered&service_ids[]=PSVCREQ": 3,
	} {
		status, got := w.ask(http.MethodGet, "/incidents?"+query, "")
		if status != 200 || count(got, "incidents") != want {
			t.Errorf("%s: %d, %d incidents", query, status, count(got, "incidents"))
		}
	}
	status, got := w.ask(http.MethodGet, "/incidents/"+id+"?include[]=body", "")
	if status != 200 || dig(got, "incident", "body", "details") != "see https://accede.example.com/r" {
		t.Errorf("%d %v", status, got)
	}
	if _, got := w.ask(http.MethodGet, "/incidents/"+id, ""); dig(got, "incident", "body") != nil {
		t.Error("details that nobody asked for")
	}
	if status, _ := w.ask(http.MethodGet, "/incidents/QNONE", ""); status != 404 {
		t.Errorf("an unknown incident: %d", status)
	}
}

func TestNotesAndHistory(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("note"))
	id := w.open(newIncident)
	if status, got := w.ask(http.MethodPost, "/incidents/"+id+"/notes", `{"note":{"content":"first"}}`); status != 201 || dig(got, "note", "user", "id") != "PACCEDE" {
		t.Errorf("%d %v", status, got)
	}
	if status, _ := w.ask(http.MethodPost, "/incidents/"+id+"/notes", `{"note":{"content":""}}`); status != 400 {
		t.Errorf("an empty note: %d", status)
	}
	for _, act := range []pagerdutysim.Act{
		{Person: "ivan", Incident: id, Do: "note", Text: "second"},
		{Person: "ivan", Incident: id, Do: "workflow", Text: "approve"},
		{Person: "bob", Incident: id, Do: "field", Text: "deny"},
		{Person: "bob", Incident: id, Do: "acknowledge"},
	} {
		if _, err := w.sim.Act(t.Context(), act); err != nil {
			t.Errorf("%+v: %v", act, err)
		}
	}
	_, got := w.ask(http.MethodGet, "/incidents/"+id+"/notes", "")
	if count(got, "notes") != 2 || dig(got, "notes", 0, "content") != "second" {
		t.Errorf("notes %v", got)
	}
	_, got = w.ask(http.MethodGet, "/incidents/"+id+"/log_entries?include[]=channels", "")
	var kinds []string
	list, _ := got["log_entries"].([]any)
	for _, e := range list {
		kind, _ := dig(e, "type").(string)
		channel, _ := dig(e, "channel", "type").(string)
		by, _ := dig(e, "agent", "id").(string)
		kinds = append(kinds, strings.TrimSuffix(kind, "_log_entry")+" "+channel+" "+by)
	}
	want := "acknowledge website PBOB001|custom_field_value_change website PBOB001|incident_workflow website PIVAN01|" +
		"annotate note PIVAN01|annotate note PACCEDE|trigger api PACCEDE"
	if strings.Join(kinds, "|") != want {
		t.Errorf("history %v", kinds)
	}
	_, got = w.ask(http.MethodGet, "/log_entries?limit=2", "")
	if count(got, "log_entries") != 2 || got["more"] != true || dig(got, "log_entries", 0, "channel", "changeset") != nil {
		t.Errorf("%v", got)
	}
	if status, _ := w.ask(http.MethodGet, "/log_entries?since=yesterday", ""); status != 400 {
		t.Errorf("an odd moment: %d", status)
	}
	if _, got = w.ask(http.MethodGet, "/log_entries?since="+w.now().Add(time.Hour).UTC().Format(time.RFC3339), ""); count(got, "log_entries") != 0 {
		t.Errorf("%v", got)
	}
}

func TestFieldsAndWorkflowsThroughTheAPI(t *testing.T) {
	w := newWorld(t, pagerdutysim.Deciding("field"))
	id := w.open(newIncident)
	values := "/incidents/" + id + "/custom_fields/values"
	if status, _ := w.ask(http.MethodPut, values, `{"custom_fields":[{"name":"access_decision","value":"approve"}]}`); status != 201 {
		t.Errorf("setting: %d", status)
	}
	if _, got := w.ask(http.MethodGet, values, ""); dig(got, "custom_fields", 0, "value") != "approve" {
		t.Errorf("%v", got)
	}
	for _, body := range []string{
		`{"custom_fields":[{"name":"access_decision","value":"maybe"}]}`, `{"custom_fields":[{"name":"other","value":"approve"}]}`, `x`,
	} {
		if status, _ := w.ask(http.MethodPut, values, body); status != 400 {
			t.Errorf("%s: %d", body, status)
		}
	}
	_, got := w.ask(http.MethodGet, "/incidents/"+id+"/log_entries?include[]=channels", "")
	if dig(got, "log_entries", 0, "channel", "type") != "api" {
		t.Errorf("%v", dig(got, "log_entries", 0))
	}
	start := `{"incident_workflow_instance":{"id":"x","type":"incident_workflow_instance","incident":{"id":"` + id + `"}}}`
	if status, _ := w.ask(http.MethodPost, "/incident_workflows/PWFAPPR/instances", start); status != 201 {
		t.Errorf("starting: %d", status)
	}
	if status, _ := w.ask(http.MethodPost, "/incident_workflows/PNONE/instances", start); status != 404 {
		t.Errorf("starting another: %d", status)
	}
	if status, _ := w.ask(http.MethodGet, "/incident_workflows/PNONE", ""); status != 404 {
		t.Errorf("reading another: %d", status)
	}
}

func TestLimits(t *testing.T) {
	account := pagerdutysim.Demo()
	w := newWorld(t, account)
	if err := w.sim.Faults().Set(standin.Faults{RateLimit: 1, RetryAfter: 20, Next: 1}); err != nil {
		t.Fatal(err)
	}
	if status, got := w.ask(http.MethodGet, "/users", ""); status != 429 || got["reset"] != "20" || dig(got, "error", "code") != 2020.0 {
		t.Errorf("%d %v", status, got)
	}
	if err := w.sim.Faults().Set(standin.Faults{RateLimitReal: true}); err != nil {
		t.Fatal(err)
	}
	limited := 0
	for i := range 30 {
		status, _ := w.ask(http.MethodPost, "/incidents", strings.Replace(newIncident, "key-1", string(rune('a'+i)), 1))
		if status == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("thirty incidents at once were all opened")
	}
	account.BareLimits = true
	bare := newWorld(t, account)
	if err := bare.sim.Faults().Set(standin.Faults{RateLimit: 1}); err != nil {
		t.Fatal(err)
	}
	if status, got := bare.ask(http.MethodGet, "/users", ""); status != 429 || got["reset"] != "" || got["text"] != "" {
		t.Errorf("%d %v", status, got)
	}
}

func TestDirectory(t *testing.T) {
	w := newWorld(t, pagerdutysim.Demo())
	for path, want := range map[string]int{
		"/users?query=example.com": 6, "/users?query=IVAN": 1, "/users?query=mallory": 0, "/users?limit=2": 2,
		"/services?name=Access+Requests": 1, "/services?name=access+requests": 0, "/services?query=access": 2,
		"/escalation_policies": 2, "/schedules": 2,
	} {
		_, got := w.ask(http.MethodGet, path, "")
		name := strings.TrimPrefix(strings.Split(path, "?")[0], "/")
		if count(got, name) != want {
			t.Errorf("%s: %d, want %d", path, count(got, name), want)
		}
	}
	for path, status := range map[string]int{
		"/users/PIVAN01": 200, "/users/PMALLRY": 404, "/services/PSVCREQ": 200, "/services/PNONE": 404, "/escalation_policies/PPOLDB1": 200,
		"/escalation_policies/PNONE": 404, "/users?limit=100&offset=9950": 400, "/users?offset=-1": 400,
	} {
		if got, _ := w.ask(http.MethodGet, path, ""); got != status {
			t.Errorf("%s: %d, want %d", path, got, status)
		}
	}
}
