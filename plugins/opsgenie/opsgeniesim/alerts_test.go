package opsgeniesim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/opsgenie/opsgeniesim"
	"github.com/accede/accede/plugins/standin"
)

func TestOutcomesAreKnownLater(t *testing.T) {
	account := opsgeniesim.Demo()
	account.Polls = 2
	w := newWorld(t, account)
	for _, root := range roots() {
		got := w.ask(http.MethodPost, root+"/alerts", newAlert)
		request := text(got.body, "requestId")
		if got.status != http.StatusAccepted || request == "" || text(got.body, "result") != "Request will be processed" {
			t.Fatalf("%s: %d %s", root, got.status, got.text)
		}
		for range 2 {
			pending := w.ask(http.MethodGet, root+"/alerts/requests/"+request, "")
			if pending.status != http.StatusNotFound || root == "/v2" && pending.header.Get("X-Opsgenie-Errortype") != "RequestNotProcessed" {
				t.Errorf("%s: %d %v", root, pending.status, pending.header)
			}
		}
		if done := w.ask(http.MethodGet, root+"/alerts/requests/"+request, ""); done.status != http.StatusOK || (root == "/v2") != (done.body["data"] != nil) {
			t.Errorf("%s: %d %s", root, done.status, done.text)
		}
		if never := w.ask(http.MethodGet, root+"/alerts/requests/nonsense", ""); never.status != http.StatusNotFound {
			t.Errorf("%s: %d", root, never.status)
		}
	}
}

func TestAliasesAreOneWhileOpen(t *testing.T) {
	for _, root := range roots() {
		w := newWorld(t, opsgeniesim.Demo())
		first, second := w.open(root, newAlert), w.open(root, newAlert)
		other := w.open(root, strings.Replace(newAlert, "key-1", "KEY-1", 1))
		if first != second || other == first || w.sim.Alerts()[0].Count != 2 {
			t.Errorf("%s: %s, %s, %s", root, first, second, other)
		}
		w.change(http.MethodPost, root, "/alerts/"+first+"/close", "")
		if third := w.open(root, newAlert); third == first {
			t.Errorf("%s: a closed alert is taken for an open one", root)
		}
	}
}

func TestClosingTwiceFailsInTheOutcome(t *testing.T) {
	for _, root := range roots() {
		w := newWorld(t, opsgeniesim.Demo())
		id := w.open(root, newAlert)
		for i, want := range []bool{true, false} {
			if done := w.change(http.MethodPost, root, "/alerts/"+id+"/close", `{}`); done["isSuccess"] != want {
				t.Errorf("%s %d: %v", root, i, done)
			}
		}
		if done := w.change(http.MethodPost, root, "/alerts/none/close", `{}`); done["isSuccess"] != false || text(done, "status") != "Alert does not exist" {
			t.Errorf("%s: %v", root, done)
		}
		method := map[bool]string{true: http.MethodPut, false: http.MethodPatch}[root == "/v2"]
		if done := w.change(method, root, "/alerts/"+id+"/message", `{"message":"x"}`); done["isSuccess"] != false {
			t.Errorf("%s: a closed alert was renamed: %v", root, done)
		}
	}
}

func TestWhatIsTooLong(t *testing.T) {
	long := strings.Replace(newAlert, `"Access"`, `"`+strings.Repeat("é", 200)+`"`, 1)
	w := newWorld(t, opsgeniesim.Demo())
	w.open("/v2", long)
	if got := w.sim.Alerts()[0].Message; len([]rune(got)) != 130 {
		t.Errorf("Opsgenie keeps %d characters", len([]rune(got)))
	}
	if got := w.ask(http.MethodPost, operations+"/alerts", long); got.status != http.StatusUnprocessableEntity || text(got.body, "errors", 0, "title") == "" {
		t.Errorf("Operations answers %d %s", got.status, got.text)
	}
	for _, root := range roots() {
		for _, body := range []string{`{}`, `x`, `{"message":7}`} {
			if got := w.ask(http.MethodPost, root+"/alerts", body); got.status != http.StatusUnprocessableEntity {
				t.Errorf("%s %s: %d", root, body, got.status)
			}
		}
	}
	if got := w.ask(http.MethodPost, operations+"/alerts", `{"message":"x","responders":[{"type":"team","name":"Database"}]}`); got.status != http.StatusUnprocessableEntity {
		t.Errorf("Operations takes a name: %d", got.status)
	}
	if done := w.change(http.MethodPost, "/v2", "/alerts", `{"message":"x","responders":[{"type":"team","name":"Nobody"}]}`); done["success"] != false {
		t.Errorf("a team that is none: %v", done)
	}
}

func TestLookingAlertsUp(t *testing.T) {
	account := opsgeniesim.Demo()
	account.Lag, account.Hidden, account.Page = time.Minute, time.Second, 1
	w := newWorld(t, account)
	w.change(http.MethodPost, "/v2", "/alerts", newAlert)
	w.change(http.MethodPost, operations, "/alerts", strings.Replace(newAlert, "key-1", "key-2", 1))
	byAlias := func() []int {
		return []int{
			w.ask(http.MethodGet, "/v2/alerts/key-1?identifierType=alias", "").status, w.ask(http.MethodGet, operations+"/alerts/alias?alias=key-2", "").status,
		}
	}
	if got := byAlias(); got[0] != 404 || got[1] != 404 {
		t.Errorf("too early: %v", got)
	}
	w.advance(2 * time.Second)
	if got := byAlias(); got[0] != 200 || got[1] != 200 {
		t.Errorf("in time: %v", got)
	}
	search := func() (int, int) {
		opsgenie := w.ask(http.MethodGet, "/v2/alerts?query=status%3A+open+AND+tag%3A+accede&limit=100", "")
		jsm := w.ask(http.MethodGet, operations+"/alerts?query=status%3A+open&size=100", "")
		if next := text(opsgenie.body, "paging", "next"); count(opsgenie.body, "data") == 1 && !strings.Contains(next, "offset=1") {
			t.Errorf("the next page is at %q", next)
		}
		return count(opsgenie.body, "data"), count(jsm.body, "values")
	}
	if a, b := search(); a != 0 || b != 0 {
		t.Errorf("the search finds what is too new: %d, %d", a, b)
	}
	w.advance(time.Minute)
	if a, b := search(); a != 1 || b != 1 {
		t.Errorf("pages of one hold %d and %d", a, b)
	}
	for _, path := range []string{"/v2/alerts?query=nonsense", "/v2/alerts?offset=20000", operations + "/alerts?query=x", operations + "/alerts?offset=19999&size=100"} {
		if got := w.ask(http.MethodGet, path, ""); got.status != http.StatusUnprocessableEntity && !strings.Contains(path, "19999") {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestNotesAndLogs(t *testing.T) {
	account := opsgeniesim.Demo()
	account.Page = 2
	w := newWorld(t, account)
	id := w.open("/v2", newAlert)
	for _, note := range []string{"one", "two", "three"} {
		w.change(http.MethodPost, "/v2", "/alerts/"+id+"/notes", `{"note":"`+note+`","user":"whoever"}`)
	}
	got := w.ask(http.MethodPost, operations+"/alerts/"+id+"/notes", `{"note":"four"}`)
	if got.status != http.StatusOK || text(got.body, "id") == "" {
		t.Errorf("Operations adds notes at once: %d %s", got.status, got.text)
	}
	first := w.ask(http.MethodGet, "/v2/alerts/"+id+"/notes?limit=100", "")
	if count(first.body, "data") != 2 || text(first.body, "data", 0, "note") != "four" || text(first.body, "data", 1, "owner") != "whoever" {
		t.Errorf("newest first: %s", first.text)
	}
	next := strings.TrimPrefix(text(first.body, "paging", "next"), "https://api.opsgenie.com")
	if rest := w.ask(http.MethodGet, next, ""); count(rest.body, "data") != 2 || text(rest.body, "data", 1, "note") != "one" || text(rest.body, "paging", "next") != "" {
		t.Errorf("the rest: %s", rest.text)
	}
	logs := w.ask(http.MethodGet, operations+"/alerts/"+id+"/logs?size=100", "")
	if count(logs.body, "values") != 2 || text(logs.body, "values", 0, "logTime") == "" || !strings.HasPrefix(text(logs.body, "links", "next"), "/v1/alerts/") {
		t.Errorf("logs: %s", logs.text)
	}
	if got := w.ask(http.MethodGet, "/v2/alerts/none/logs", ""); got.status != http.StatusNotFound {
		t.Errorf("%d", got.status)
	}
	if got := w.ask(http.MethodGet, "/v2/alerts/"+id+"/nonsense", ""); got.status != http.StatusNotFound {
		t.Errorf("%d", got.status)
	}
}

func TestAnybodyWithAKeyCanBeAnybody(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	id := w.open("/v2", newAlert)
	w.change(http.MethodPost, "/v2", "/alerts/"+id+"/actions/approve", `{"user":"ivan@example.com"}`)
	logs := w.ask(http.MethodGet, "/v2/alerts/"+id+"/logs", "")
	if text(logs.body, "data", 0, "log") != "Executed [approve] action via API" || text(logs.body, "data", 0, "owner") != "ivan@example.com" {
		t.Errorf("%s", logs.text)
	}
	for action, want := range map[string]bool{"deny": true, "ping": false} {
		if done := w.change(http.MethodPost, operations, "/alerts/"+id+"/action", `{"action":"`+action+`"}`); done["isSuccess"] != want {
			t.Errorf("%s: %v", action, done)
		}
	}
	w.change(http.MethodPost, "/v2", "/alerts/"+id+"/acknowledge", "")
	if got := w.ask(http.MethodGet, "/v2/alerts/"+id, ""); dig(got.body, "data", "acknowledged") != true || text(got.body, "data", "description") == "" {
		t.Errorf("%s", got.text)
	}
}

func TestCredentials(t *testing.T) {
	account := opsgeniesim.Demo()
	account.Keys = append(account.Keys, opsgeniesim.Key{Value: "no-config", Region: "us", NoConfig: true})
	account.Tokens = append(account.Tokens,
		opsgeniesim.Token{Email: "r@x", Value: "r", ReadOnly: true}, opsgeniesim.Token{Email: "o@x", Value: "o", NoOps: true},
		opsgeniesim.Token{Email: "p@x", Value: "p", NoPeople: true})
	w := newWorld(t, account)
	schedule := "/schedules/" + opsgeniesim.DemoSchedule
	for _, c := range []struct {
		method, path string
		as           func(*http.Request)
		status, code int
	}{
		{"GET", "/v2/alerts", withKey("nonsense"), 401, 0},
		{"GET", "/v2/alerts", withKey(opsgeniesim.DemoEUKey), 401, 0},
		{"GET", "/eu/v2/alerts", withKey(opsgeniesim.DemoEUKey), 200, 0},
		{"GET", "/eu/v2/alerts", withKey(opsgeniesim.DemoKey), 401, 0},
		{"GET", "/v2/alerts", withToken(opsgeniesim.DemoEmail, opsgeniesim.DemoToken), 401, 0},
		{"GET", "/v2" + schedule, withKey(opsgeniesim.DemoTeamKey), 403, 40301},
		{"GET", "/v2" + schedule + "/on-calls", withKey(opsgeniesim.DemoTeamKey), 403, 40301},
		{"GET", "/v2/teams/" + opsgeniesim.DemoTeam, withKey(opsgeniesim.DemoTeamKey), 200, 0},
		{"GET", "/v2/teams/Database?identifierType=name", withKey(opsgeniesim.DemoTeamKey), 404, 40400},
		{"GET", "/v2" + schedule, withKey("no-config"), 403, 40300},
		{"POST", "/v2/alerts", withKey(opsgeniesim.DemoReadOnlyKey), 403, 40300},
		{"GET", "/v2/alerts", withKey(opsgeniesim.DemoIntegrationKey), 401, 0},
		{"POST", "/jsm/ops/integration/v2/alerts", withKey(opsgeniesim.DemoIntegrationKey), 202, 0},
		{"POST", "/jsm/ops/integration/v2/alerts", withKey(opsgeniesim.DemoKey), 401, 0},
		{"POST", "/jsm/ops/integration/v2/alerts", withToken(opsgeniesim.DemoEmail, opsgeniesim.DemoToken), 401, 0},
		{"GET", operations + "/alerts", withKey(opsgeniesim.DemoKey), 401, 401},
		{"GET", operations + "/alerts", withToken(opsgeniesim.DemoEmail, "x"), 401, 401},
		{"GET", "/jsm/ops/api/other/v1/alerts", withToken(opsgeniesim.DemoEmail, opsgeniesim.DemoToken), 404, 404},
		{"POST", operations + "/alerts", withToken("r@x", "r"), 403, 403},
		{"GET", operations + "/alerts", withToken("o@x", "o"), 403, 403},
		{"GET", "/rest/api/3/user/search?query=a", withToken("p@x", "p"), 403, 403},
		{"GET", "/rest/api/3/user/search?query=a", withToken("o@x", "o"), 200, 0},
	} {
		got := w.ask(c.method, c.path, newAlert, c.as)
		code, _ := got.body["code"].(float64)
		if got.status != c.status || int(code) != c.code {
			t.Errorf("%s %s: %d (code %v), want %d (%d)", c.method, c.path, got.status, code, c.status, c.code)
		}
	}
	if got := w.ask(http.MethodGet, "/_edge/tenant_info", ""); text(got.body, "cloudId") != opsgeniesim.DemoCloudID {
		t.Errorf("%s", got.text)
	}
}

func TestLimitsAndFaults(t *testing.T) {
	w := newWorld(t, opsgeniesim.Demo())
	set := func(f standin.Faults) {
		if err := w.sim.Faults().Set(f); err != nil {
			t.Fatal(err)
		}
	}
	set(standin.Faults{RateLimit: 1, RetryAfter: 30})
	got := w.ask(http.MethodGet, "/v2/alerts", "")
	if got.status != 429 || got.header.Get("X-RateLimit-State") != "THROTTLED" || got.header.Get("X-RateLimit-Period-In-Sec") != "30" || got.header.Get("Retry-After") != "" {
		t.Errorf("Opsgenie: %d %v", got.status, got.header)
	}
	if got := w.ask(http.MethodGet, operations+"/alerts", ""); got.status != 429 || got.header.Get("Retry-After") != "30" {
		t.Errorf("Operations: %d %v", got.status, got.header)
	}
	set(standin.Faults{FailBefore: 1})
	for _, root := range roots() {
		if got := w.ask(http.MethodGet, root+"/alerts", ""); got.status != 500 || text(got.body, "message") == "" {
			t.Errorf("%s: %d %s", root, got.status, got.text)
		}
	}
	set(standin.Faults{RateLimitReal: true})
	limited := 0
	for range 700 {
		if w.ask(http.MethodGet, "/v2/schedules", "").status == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("nobody is limited")
	}
}
