package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi/httpapitest"
)

func TestLifeOfARequest(t *testing.T) {
	s := serve(t)
	request := s.create("ticket #123")
	if request.State != v1.StatePending || request.Requester.Name != "alice" {
		t.Fatalf("created %+v", request)
	}
	var same v1.Request
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: "ticket #123"}
	s.want(200, ask{method: "POST", path: "/v1/requests", who: "alice", body: input}).into(t, &same)
	if same.ID != request.ID {
		t.Errorf("asking the same again made %s besides %s", same.ID, request.ID)
	}
	input.DryRun, input.Reason = true, "another"
	s.want(200, ask{method: "POST", path: "/v1/requests", who: "alice", body: input}).into(t, &same)
	if !same.DryRun || same.Thresholds[0].Approve != 2 || s.core.Newest().ID != request.ID {
		t.Errorf("a dry run gave %+v and left %+v", same, s.core.Newest())
	}
	s.review(request.ID, "ivan")
	approved := s.review(request.ID, "bob")
	if approved.State != v1.StateApproved || approved.Reviews[0].Via != v1.ViaAPI {
		t.Errorf("after two approvals: %+v", approved)
	}
	var shown v1.Request
	s.want(200, ask{method: "GET", path: "/v1/requests/" + request.ID, who: "alice"}).into(t, &shown)
	if diff := cmp.Diff(approved, shown); diff != "" {
		t.Error(diff)
	}
	late := s.want(409, ask{
		method: "POST", path: "/v1/requests/" + request.ID + "/reviews", who: "ivan", body: v1.ReviewInput{Verdict: v1.Deny},
	}).problem(t)
	if late.Code != v1.CodeAlreadyResolved || late.Request == nil || late.Request.State != v1.StateApproved {
		t.Errorf("late review: %+v", late)
	}
}

func TestListsArePagedAndFiltered(t *testing.T) {
	s := serve(t)
	var ids []string
	for _, reason := range []string{"a", "b", "c"} {
		ids = append(ids, s.create(reason).ID)
	}
	s.want(200, ask{method: "POST", path: "/v1/requests/" + ids[1] + "/withdrawal", who: "alice", body: v1.WithdrawInput{}})

	list := func(who, query string) (found []string, next string) {
		var page v1.RequestPage
		s.want(200, ask{method: "GET", path: "/v1/requests" + query, who: who}).into(t, &page)
		for _, request := range page.Requests {
			found = append(found, request.ID)
		}
		return found, page.Next
	}
	first, next := list("alice", "?limit=2")
	if diff := cmp.Diff([]string{ids[2], ids[1]}, first); diff != "" || next == "" {
		t.Errorf("first page, next %q: %s", next, diff)
	}
	second, next := list("alice", "?limit=2&cursor="+next)
	if diff := cmp.Diff([]string{ids[0]}, second); diff != "" || next != "" {
		t.Errorf("second page, next %q: %s", next, diff)
	}
	for query, want := range map[string][]string{
		"?requester=me":            {ids[2], ids[1], ids[0]},
		"?requester=ivan":          nil,
		"?state=PENDING":           {ids[2], ids[0]},
		"?state=WITHDRAWN,PENDING": {ids[2], ids[1], ids[0]},
		"?role=other":              nil,
		"?reviewer=me":             nil,
		"?text=%20ALICE%40":        {ids[2], ids[1], ids[0]},
		"?text=nothing":            nil,
		"?since=2020-01-01T00:00:00Z&until=2100-01-01T01:00:00%2B01:00": {ids[2], ids[1], ids[0]},
		"?since=2100-01-01T00:00:00Z":                                   nil,
		"?until=2020-01-01T00:00:00Z":                                   nil,
	} {
		if got, _ := list("alice", query); !cmp.Equal(want, got) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
	s.want(422, ask{method: "GET", path: "/v1/requests?since=yesterday", who: "alice"}).problem(t)
	if body := s.do(ask{method: "GET", path: "/v1/requests?role=other", who: "alice"}).body; !strings.Contains(body, `"requests":[]`) {
		t.Errorf("an empty page is %s", body)
	}
}

// TestEveryOtherRoute calls each remaining operation once the way it is meant.
func TestEveryOtherRoute(t *testing.T) {
	s := serve(t)
	parked := s.core.Park("slack")
	pending := s.create("why").ID
	identity := v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0IVAN"}
	email := "eve@example.com"
	document := v1.ApplyInput{Documents: []v1.ApplyDocument{{Name: "role.yaml", YAML: "name: extra\n"}}}
	tests := []struct {
		ask
		status int
		want   string
	}{
		{ask{method: "GET", path: "/v1/version"}, 200, `"version":`},
		{ask{method: "GET", path: "/openapi.json"}, 200, `"openapi": "3.1.0"`},
		{ask{method: "GET", path: "/v1/session", who: "alice"}, 200, `"name":"alice"`},
		{ask{method: "GET", path: "/v1/people", who: "root"}, 200, `"items":[{"name":"alice"`},
		{ask{method: "GET", path: "/v1/people/ivan", who: "root"}, 200, `"email":"ivan@example.com"`},
		{ask{method: "PUT", path: "/v1/people/eve", who: "root", body: v1.PersonInput{}}, 201, `"name":"eve"`},
		{ask{method: "PUT", path: "/v1/people/eve", who: "root", body: v1.PersonInput{}}, 409, `"code":"conflict"`},
		{ask{method: "PATCH", path: "/v1/people/eve", who: "root", body: v1.PersonInput{Email: &email}}, 200, email},
		{ask{method: "PATCH", path: "/v1/people/nobody", who: "root", body: v1.PersonInput{}}, 404, `"code":"not_found"`},
		{ask{method: "GET", path: "/v1/roles", who: "alice"}, 200, `"name":"dba"`},
		{ask{method: "GET", path: "/v1/roles/dba", who: "alice"}, 200, `"kind":"role"`},
		{ask{method: "POST", path: "/v1/apply", who: "root", body: document}, 200, `"change":"created"`},
		{ask{method: "DELETE", path: "/v1/roles/extra", who: "root"}, 204, ""},
		{ask{method: "GET", path: "/v1/tokens", who: "alice"}, 200, `"person":"alice"`},
		{ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "ci"}}, 201, `"secret":"accede_`},
		{ask{method: "POST", path: "/v1/links/claim", who: "alice", body: v1.LinkClaim{Code: httpapitest.LinkCode}}, 200, `"linked":false`},
		{ask{method: "POST", path: "/v1/links", who: "root", body: map[string]string{
			"plugin": "slack", "tenant": "T0ACCEDE", "user": "U0IVAN", "person": "ivan",
		}}, 201, `"created_by":"root"`},
		{ask{method: "GET", path: "/v1/links?person=ivan", who: "root"}, 200, `"user":"U0IVAN"`},
		{ask{method: "DELETE", path: "/v1/links/slack/T0ACCEDE/" + identity.User, who: "root"}, 204, ""},
		{ask{method: "POST", path: "/v1/plugins", who: "root", body: v1.PluginInput{Name: "jira"}}, 201, `"credential":`},
		{ask{method: "GET", path: "/v1/plugins", who: "root"}, 200, `"name":"jira"`},
		{ask{method: "POST", path: "/v1/plugins/slack/retries", who: "root", body: map[string]string{"delivery": parked}}, 200, `"retried":1`},
		{ask{method: "POST", path: "/v1/plugins/slack/retries", who: "root", body: map[string]string{}}, 200, `"retried":0`},
		{ask{method: "DELETE", path: "/v1/plugins/slack/deliveries/" + parked, who: "root"}, 404, `"code":"not_found"`},
		{ask{method: "DELETE", path: "/v1/plugins/jira", who: "root"}, 204, ""},
		{ask{method: "POST", path: "/v1/requests/" + pending + "/override", who: "root", body: v1.OverrideInput{
			Verdict: v1.Approve, Reason: "incident",
		}}, 200, `"override":true`},
		{ask{method: "GET", path: "/v1/requests/" + pending + "/explanation", who: "alice"}, 200, `"state":"APPROVED"`},
		{ask{method: "GET", path: "/v1/requests/" + pending + "/explanation?for=me", who: "alice"}, 200, `"may":false`},
		{ask{method: "GET", path: "/v1/requests/" + pending + "/explanation?for=nobody", who: "alice"}, 404, `"code":"not_found"`},
		{ask{method: "GET", path: "/v1/capabilities", who: "alice"}, 200, `"requestable_roles":["dba"]`},
		{ask{method: "GET", path: "/v1/policy/approvers?roles=dba", who: "alice"}, 200, `"person":{"name":"ivan"`},
		{ask{method: "GET", path: "/v1/policy/approvers?roles=dba&for=alice", who: "root"}, 200, `"missing":2`},
		{ask{method: "GET", path: "/v1/policy/approvers?roles=dba&for=alice", who: "ivan"}, 403, `"code":"forbidden"`},
		{ask{method: "GET", path: "/v1/policy/approvers", who: "alice"}, 422, `"code":"invalid"`},
		{ask{method: "GET", path: "/v1/audit", who: "root"}, 200, `"action":"request.override"`},
		{ask{method: "GET", path: "/v1/audit?order=oldest&limit=1", who: "root"}, 200, `"next":1`},
		{ask{method: "GET", path: "/v1/audit?order=oldest&cursor=1&limit=1", who: "root"}, 200, `"seq":2`},
		{ask{method: "GET", path: "/v1/audit?person=alice&action=request.*&request=" + pending +
			"&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z", who: "root"}, 200, `"actor":"alice"`},
		{ask{method: "GET", path: "/v1/audit?action=nothing", who: "root"}, 200, `"entries":[]`},
		{ask{method: "GET", path: "/v1/audit?order=any", who: "root"}, 422, `"code":"invalid"`},
		{ask{method: "GET", path: "/v1/audit", who: "ivan"}, 403, `"code":"forbidden"`},
		{ask{method: "GET", path: "/v1/tokens?person=me", who: "ivan"}, 200, `"person":"ivan"`},
		{ask{method: "DELETE", path: "/v1/session", who: "ivan"}, 204, ""},
		{ask{method: "GET", path: "/v1/session", who: "ivan"}, 401, `"code":"unauthenticated"`},
	}
	for _, tt := range tests {
		if got := s.want(tt.status, tt.ask); !strings.Contains(got.body, tt.want) {
			t.Errorf("%s %s: %s, want %s", tt.method, tt.path, got.body, tt.want)
		}
	}
}

func TestSignIn(t *testing.T) {
	s := serve(t)
	var token v1.SecretToken
	s.want(201, ask{method: "POST", path: "/v1/sessions", body: v1.SignInInput{Name: "alice", Password: "alice-password"}}).into(t, &token)
	s.want(200, ask{method: "GET", path: "/v1/session", headers: map[string]string{"Authorization": "bearer " + token.Secret}})
	wrong := s.want(401, ask{method: "POST", path: "/v1/sessions", body: v1.SignInInput{Name: "alice", Password: "guess-canary"}})
	wrong.problem(t)
	for _, secret := range []string{token.Secret, "alice-password", "guess-canary"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if !strings.Contains(s.log.String(), wrong.header.Get("X-Request-Id")) {
		t.Error("the log lacks the id of a request")
	}
}

func TestDoorIsTold(t *testing.T) {
	s := serve(t)
	id := s.create("x").ID
	var request v1.Request
	s.want(200, ask{
		method: "POST", path: "/v1/requests/" + id + "/reviews", who: "ivan", body: v1.ReviewInput{Verdict: v1.Approve},
		headers: map[string]string{"Accede-Client": "cli"},
	}).into(t, &request)
	if request.Reviews[0].Via != v1.ViaCLI {
		t.Errorf("via %q", request.Reviews[0].Via)
	}
}

func TestHeadersOfAnswers(t *testing.T) {
	s := serve(t)
	header := s.want(200, ask{method: http.MethodGet, path: "/v1/session", who: "alice"}).header
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
