package servicenowsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/plugins/servicenow/servicenowsim"
	"github.com/accede/accede/plugins/standin"
)

func TestRecordsAreKeptAsTheVendorKeepsThem(t *testing.T) {
	w := newWorld(t)
	id, number := w.record()
	got := w.call(http.MethodGet, "/v2/table/incident/"+id, "")
	w.want(got, http.StatusOK, number)
	if got.field(t, "result", "unheard_of") != nil || got.field(t, "result", "state") != "1" || got.field(t, "result", "active") != "true" {
		t.Errorf("record %s", got.body)
	}
	if got.field(t, "result", "caller_id", "value") != servicenowsim.DemoAlice || !strings.Contains(got.body, "/api/now/v2/table/sys_user/"+servicenowsim.DemoAlice) {
		t.Errorf("a reference is shown as %v", got.field(t, "result", "caller_id"))
	}
	bare := w.call(http.MethodGet, "/v2/table/incident/"+id+"?sysparm_exclude_reference_link=true&sysparm_fields=caller_id,nothing,number", "")
	if bare.field(t, "result", "caller_id") != servicenowsim.DemoAlice || bare.field(t, "result", "nothing") != nil || strings.Contains(bare.body, "sys_id") {
		t.Errorf("record %s", bare.body)
	}
	w.want(w.call(http.MethodPatch, "/v2/table/incident/"+id, `{"work_notes":"first","short_description":"`+strings.Repeat("é", 200)+`"}`), http.StatusOK, strings.Repeat("é", 160))
	w.call(http.MethodPatch, "/v2/table/incident/"+id, `{"work_notes":"second"}`)
	if got := w.call(http.MethodGet, "/v2/table/incident/"+id, "").field(t, "result", "work_notes"); got != "" {
		t.Errorf("a journal field shows %v", got)
	}
	shown, _ := w.call(http.MethodGet, "/v2/table/incident/"+id+"?sysparm_display_value=true", "").field(t, "result", "work_notes").(string)
	if !strings.Contains(shown, "Accede (Work notes)\nsecond") || strings.Index(shown, "second") > strings.Index(shown, "first") {
		t.Errorf("the journal is shown as %q", shown)
	}
	entries := w.call(http.MethodGet, "/v2/table/sys_journal_field?sysparm_query=element_id="+id+"^element=work_notes", "")
	if entries.field(t, "result", 1, "value") != "second" || entries.header.Get("X-Total-Count") != "2" {
		t.Errorf("journal %s", entries.body)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	id, _ := w.record()
	w.want(w.raw(http.MethodGet, "/api/now/v2/table/incident", ""), http.StatusUnauthorized, "User Not Authenticated")
	w.want(w.raw(http.MethodGet, "/api/now/v2/table/incident", "", "Authorization", "Bearer nothing"), http.StatusUnauthorized, "User Not Authenticated")
	w.want(w.call(http.MethodGet, "/v2/table/incidents", ""), http.StatusBadRequest, "Invalid table incidents")
	w.want(w.call(http.MethodGet, "/v2/table/incident/"+strings.Repeat("a", 32), ""), http.StatusNotFound, "No Record found")
	w.want(w.call(http.MethodDelete, "/v2/table/incident/"+id, ""), http.StatusMethodNotAllowed, "")
	w.want(w.call(http.MethodPost, "/v2/table/incident", "no json"), http.StatusBadRequest, "payload is not valid JSON")
	w.want(w.call(http.MethodGet, "/v2/nothing", ""), http.StatusBadRequest, "does not represent any resource")
	w.want(w.call(http.MethodPatch, "/v2/table/incident/"+id, `{"state":"6"}`), http.StatusForbidden, "Resolution code, Resolution notes")
	w.want(w.call(http.MethodPatch, "/v2/table/incident/"+id, `{"state":"6","close_code":"Duplicate","close_notes":"x"}`), http.StatusOK, id)
	w.want(w.call(http.MethodGet, "/v2/table/incident?sysparm_query=number=none", ""), http.StatusOK, `{"result":[]}`)
	w.want(w.call(http.MethodGet, "/v1/table/incident?sysparm_query=number=none", ""), http.StatusNotFound, "No Record found")
	w.want(w.call(http.MethodGet, "/table/incident?sysparm_query=number=none", ""), http.StatusNotFound, "No Record found")
	w.sim.SetQuirks(servicenowsim.Quirks{DenyRead: []string{"sys_user"}, DenyWrite: []string{"incident"}})
	w.want(w.call(http.MethodGet, "/v2/table/sys_user", ""), http.StatusForbidden, "Failed API level ACL Validation")
	w.want(w.call(http.MethodPost, "/v2/table/incident", "{}"), http.StatusForbidden, "ACL Exception Insert Failed")
	w.want(w.call(http.MethodPatch, "/v2/table/incident/"+id, "{}"), http.StatusForbidden, "ACL Exception Update Failed")
	w.want(w.raw(http.MethodPost, "/api/now/v2/table/incident", "{}", "Content-Type", "text/plain",
		"Authorization", "Basic YWNjZWRlLmludGVncmF0aW9uOmRlbW8tc2VydmljZW5vdy1wYXNzd29yZA=="), http.StatusUnsupportedMediaType, "not supported")
}

func TestQueries(t *testing.T) {
	w := newWorld(t)
	for i, name := range []string{"b", "a", "c"} {
		w.call(http.MethodPost, "/v2/table/incident", `{"short_description":"`+name+`","correlation_id":"k","urgency":"`+string(rune('1'+i))+`"}`)
	}
	for query, want := range map[string]string{
		"":                       "b,a,c",
		"short_description=A":    "a",
		"short_descriptionINa,c": "a,c",
		"short_description!=a^ORDERBYDESCurgency":                            "c,b",
		"short_description=a^ORshort_description=b^ORDERBYshort_description": "a,b",
		"urgency>=2^urgency<3":                                               "a",
		"short_descriptionLIKEc":                                             "c",
		"short_descriptionSTARTSWITHb":                                       "b",
		"nonsense=1":                                                         "b,a,c",
		"short_description~a":                                                "b,a,c",
		"correlation_id=k^nonsense=1^urgency=3":                              "c",
		"close_codeISNOTEMPTY":                                               "",
		"close_codeISEMPTY^short_descriptionNOT INa,b":                       "c",
	} {
		got := w.call(http.MethodGet, "/v2/table/incident?sysparm_fields=short_description&sysparm_query="+url.QueryEscape(query), "")
		var names []string
		for i := 0; ; i++ {
			name, ok := got.field(t, "result", i, "short_description").(string)
			if !ok {
				break
			}
			names = append(names, name)
		}
		if strings.Join(names, ",") != want {
			t.Errorf("%q finds %v, want %s", query, names, want)
		}
	}
}

func TestPagesCanBeShortWithoutBeingTheLast(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.record()
	}
	rows := w.sim.Rows("incident")
	w.sim.SetQuirks(servicenowsim.Quirks{HideRows: []string{rows[0]["sys_id"], rows[1]["sys_id"]}})
	got := w.call(http.MethodGet, "/v2/table/incident?sysparm_limit=2&sysparm_fields=sys_id", "")
	if got.field(t, "result", 0) != nil || got.header.Get("X-Total-Count") != "5" {
		t.Errorf("%s of %s", got.body, got.header.Get("X-Total-Count"))
	}
	link := got.header.Get("Link")
	for _, part := range []string{`rel="first"`, `rel="next"`, `rel="last"`, "sysparm_offset=2", "sysparm_offset=4"} {
		if !strings.Contains(link, part) {
			t.Errorf("Link is %s, lacks %s", link, part)
		}
	}
	last := w.call(http.MethodGet, "/v2/table/incident?sysparm_limit=2&sysparm_offset=4", "")
	if link := last.header.Get("Link"); strings.Contains(link, `rel="next"`) || !strings.Contains(link, `rel="prev"`) {
		t.Errorf("the last page's Link is %s", link)
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	ask := func(form string) answered {
		return w.raw(http.MethodPost, "/oauth_token.do", form, "Content-Type", "application/x-www-form-urlencoded")
	}
	good := "grant_type=client_credentials&client_id=" + servicenowsim.DemoClientID + "&client_secret=" + servicenowsim.DemoClientSecret
	w.want(ask("grant_type=client_credentials&client_id=x&client_secret=y"), http.StatusUnauthorized, "access_denied")
	w.want(ask("grant_type=password"), http.StatusUnauthorized, "unsupported_grant_type")
	got := ask(good)
	w.want(got, http.StatusOK, `"expires_in":1799`)
	w.token, _ = got.field(t, "access_token").(string)
	w.want(w.call(http.MethodGet, "/v2/table/incident", ""), http.StatusOK, "result")
	w.clock.Advance(30 * time.Minute)
	w.want(w.call(http.MethodGet, "/v2/table/incident", ""), http.StatusUnauthorized, "User Not Authenticated")
	w.sim.SetQuirks(servicenowsim.Quirks{Hibernating: true})
	if got := ask(good); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("a hibernating instance answers %d %s", got.status, got.header.Get("Content-Type"))
	}
}

func TestTheHourlyLimit(t *testing.T) {
	w := newWorld(t)
	w.sim.SetQuirks(servicenowsim.Quirks{PerHour: 2})
	for range 2 {
		w.want(w.call(http.MethodGet, "/v2/table/incident", ""), http.StatusOK, "result")
	}
	got := w.call(http.MethodGet, "/v2/table/incident", "")
	w.want(got, http.StatusTooManyRequests, "Rate limit of 2 requests per hour")
	for _, name := range []string{"Retry-After", "X-Ratelimit-Limit", "X-Ratelimit-Reset", "X-Ratelimit-Rule"} {
		if got.header.Get(name) == "" {
			t.Errorf("the refusal lacks %s", name)
		}
	}
	w.clock.Advance(time.Hour)
	w.want(w.call(http.MethodGet, "/v2/table/incident", ""), http.StatusOK, "result")
}

func TestDuplicatesAreAllowed(t *testing.T) {
	w := newWorld(t)
	w.record()
	w.record()
	got := w.call(http.MethodGet, "/v2/table/incident?sysparm_query=correlation_id=key-1", "")
	if got.header.Get("X-Total-Count") != "2" {
		t.Errorf("%s records", got.header.Get("X-Total-Count"))
	}
	w.want(w.raw(http.MethodGet, "/sandbox/stats", ""), http.StatusOK, `"records":{"key-1":2}`)
}

func TestFaultsHaveTheVendorsBodies(t *testing.T) {
	w := newWorld(t)
	set := func(f standin.Faults) {
		if err := w.sim.Faults().Set(f); err != nil {
			t.Fatal(err)
		}
	}
	set(standin.Faults{FailAfter: 1, Only: []string{"POST incident"}})
	w.want(w.call(http.MethodPost, "/v2/table/incident", "{}"), http.StatusInternalServerError, `"status":"failure"`)
	if len(w.sim.Rows("incident")) != 1 {
		t.Error("what failed after it was done was not done")
	}
	set(standin.Faults{RateLimit: 1, RetryAfter: 3000})
	got := w.call(http.MethodGet, "/v2/table/incident", "")
	w.want(got, http.StatusTooManyRequests, "Rate limit exceeded")
	if got.header.Get("Retry-After") != "3000" {
		t.Errorf("Retry-After %s", got.header.Get("Retry-After"))
	}
}

func TestBrokenInstancesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*servicenowsim.Config){
		"user":       func(c *servicenowsim.Config) { c.Users[0].ID = "x" },
		"twice":      func(c *servicenowsim.Config) { c.Users[1].ID = c.Users[0].ID },
		"group":      func(c *servicenowsim.Config) { c.Groups[0].Members[0] = "x" },
		"rota":       func(c *servicenowsim.Config) { c.Rotas[0].Line[0] = "x" },
		"table":      func(c *servicenowsim.Config) { c.Table = "problem" },
		"credential": func(c *servicenowsim.Config) { c.Password, c.ClientSecret = "", "" },
	} {
		cfg := servicenowsim.Demo()
		spoil(&cfg)
		if _, err := servicenowsim.New(cfg, standin.Options{}); err == nil {
			t.Errorf("%s: the instance was built", name)
		}
	}
}
