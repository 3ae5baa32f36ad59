package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi"
)

// reach says who gets to an operation.
type reach int

const (
	// everybody: no token is needed.
	everybody reach = iota
	// members: whoever has a token.
	members
	// askers: those whose roles let them ask for dba.
	askers
	// seers: those who may see the request that the address names.
	seers
	// deciders: those who may decide about it.
	deciders
	// owners: whoever made it.
	owners
	// holders: the owner, whose thing it is, and administrators.
	holders
	// administrators, and nobody else.
	administrators
)

// endpoint is a try at an operation: who succeeds, and an example of the address and the body.
type endpoint struct {
	reach     reach
	operation string
	// address is that of the operation if it is empty. What stands in braces in it and in the body is filled in by [house.example].
	address string
	body    string
}

// endpoints try all operations. Who adds one says here who gets to it. {self} is whoever tries; all else belongs to the owner.
func endpoints() []endpoint {
	const role = `{"name": "a", "yaml": "kind: role\nversion: v1\nmetadata: {name: made}"}`
	const finish = `{"code": "{login}", "verifier": "` + verifier + `"}`
	return []endpoint{
		{everybody, "GET /openapi.json", "", ""},
		{everybody, "GET /v1/version", "", ""},
		{everybody, "POST /v1/sessions", "", `{"name": "owner", "password": "` + ownPassword + `"}`},
		{everybody, "POST /v1/logins", "", `{"challenge": "` + v1.LoginChallenge(verifier) + `", "device": "laptop"}`},
		{everybody, "POST /v1/logins/finish", "", finish},

		{members, "GET /v1/session", "", ""},
		{members, "DELETE /v1/session", "", ""},
		{members, "GET /v1/requests", "", ""},
		{members, "GET /v1/requests", "/v1/requests?requester=owner", ""},
		{members, "GET /v1/events", "", ""},
		{members, "GET /v1/capabilities", "", ""},
		{members, "GET /v1/roles", "", ""},
		{members, "GET /v1/roles/{name}", "/v1/roles/dba", ""},
		{members, "GET /v1/people/{name}", "/v1/people/{self}", ""},
		{members, "GET /v1/tokens", "", ""},
		{members, "POST /v1/tokens", "", `{"title": "my own"}`},
		{members, "GET /v1/links", "/v1/links?person=me", ""},
		{members, "POST /v1/links/claim", "", `{"code": "{code}", "confirm": true}`},
		{askers, "POST /v1/requests", "", `{"roles": ["dba"], "reason": "my own"}`},
		{askers, "GET /v1/policy/approvers", "/v1/policy/approvers?roles=dba", ""},

		{seers, "GET /v1/requests/{id}", "/v1/requests/{request}", ""},
		{seers, "GET /v1/requests/{id}/watch", "/v1/requests/{request}/watch", ""},
		{seers, "GET /v1/requests/{id}/explanation", "/v1/requests/{request}/explanation", ""},
		{seers, "GET /v1/requests/{id}/explanation", "/v1/requests/{request}/explanation?for=me", ""},
		{seers, "GET /v1/events", "/v1/events?request={request}", ""},
		{deciders, "POST /v1/requests/{id}/reviews", "/v1/requests/{request}/reviews", `{"verdict": "approve"}`},
		{deciders, "POST /v1/requests/{id}/reviews", "/v1/requests/{request}/reviews", `{"verdict": "deny"}`},
		{owners, "POST /v1/requests/{id}/withdrawal", "/v1/requests/{request}/withdrawal", `{}`},
		{owners, "POST /v1/requests/{id}/use", "/v1/requests/{approved}/use", ""},

		{holders, "GET /v1/people/{name}", "/v1/people/owner", ""},
		{holders, "PATCH /v1/people/{name}", "/v1/people/owner", `{"password": "` + ownPassword + `"}`},
		{holders, "GET /v1/tokens", "/v1/tokens?person=owner", ""},
		{holders, "POST /v1/tokens", "", `{"title": "of the owner", "person": "owner"}`},
		{holders, "DELETE /v1/tokens/{id}", "/v1/tokens/{token}", ""},
		{holders, "DELETE /v1/tokens/{id}", "/v1/tokens/{session}", ""},
		{holders, "GET /v1/links", "/v1/links?person=owner", ""},
		{holders, "DELETE /v1/links/{plugin}/{tenant}/{user}", "/v1/links/slack/T0/{link}", ""},
		{holders, "GET /v1/policy/approvers", "/v1/policy/approvers?roles=dba&for=owner", ""},

		{administrators, "POST /v1/requests/{id}/override", "/v1/requests/{request}/override", `{"verdict": "approve", "reason": "tried"}`},
		{administrators, "GET /v1/people", "", ""},
		{administrators, "PUT /v1/people/{name}", "/v1/people/made", `{"admin": true}`},
		{administrators, "PATCH /v1/people/{name}", "/v1/people/{self}", `{"admin": true}`},
		{administrators, "PATCH /v1/people/{name}", "/v1/people/{self}", `{"admin": true, "password": "smuggled along"}`},
		{administrators, "PATCH /v1/people/{name}", "/v1/people/owner", `{"email": "thief@example.com"}`},
		{administrators, "GET /v1/links", "", ""},
		{administrators, "POST /v1/links", "", `{"plugin": "slack", "tenant": "T0", "user": "U0THIEF", "person": "{self}"}`},
		{administrators, "GET /v1/plugins", "", ""},
		{administrators, "POST /v1/plugins", "", `{"name": "teams"}`},
		{administrators, "DELETE /v1/plugins/{name}/deliveries/{id}", "/v1/plugins/slack/deliveries/parked", ""},
		{administrators, "POST /v1/plugins/{name}/retries", "/v1/plugins/slack/retries", `{}`},
		{administrators, "DELETE /v1/plugins/{name}", "/v1/plugins/jira", ""},
		{administrators, "POST /v1/apply", "", `{"documents": [` + role + `]}`},
		{administrators, "POST /v1/apply", "", `{"documents": [` + role + `], "dry_run": true}`},
		{administrators, "DELETE /v1/roles/{name}", "/v1/roles/spare", ""},
		{administrators, "GET /v1/audit", "", ""},
		{administrators, "GET /v1/audit", "/v1/audit?person=me", ""},
	}
}

// visitor is somebody who tries: the holder of a preset role, the owner, an administrator, or somebody who is not let in at all.
type visitor struct {
	name string
	// asks says whether they may ask for dba, sees whether they may see the owner's requests, decides whether decide about them.
	asks, sees, decides, owns, administers bool
}

// visitors has the administrator last: once they have done something, it may be impossible for others by that alone.
func visitors() []visitor {
	return []visitor{
		{name: nobody},
		{name: leaver},
		{name: "requester", asks: true},
		{name: "auditor"},
		{name: "plugin", sees: true},
		{name: "reviewer", sees: true, decides: true},
		{name: "admin", asks: true, sees: true, decides: true},
		{name: "owner", asks: true, sees: true, owns: true},
		{name: "root", sees: true, administers: true},
	}
}

func (v visitor) signedIn() bool { return v.name != nobody && v.name != leaver }

func (v visitor) may(r reach) bool {
	switch r {
	case members:
		return v.signedIn()
	case askers:
		return v.asks
	case seers:
		return v.sees
	case deciders:
		return v.decides
	case owners:
		return v.owns
	case holders:
		return v.owns || v.administers
	case administrators:
		return v.administers
	default:
		return true
	}
}

// refusals are the statuses with which a visitor is turned away.
func (v visitor) refusals() []int {
	if !v.signedIn() {
		return []int{http.StatusUnauthorized}
	}
	return []int{http.StatusForbidden, http.StatusNotFound}
}

// Every operation of the API, for the holder of each preset role and for whoever has no token that holds.
func TestWhoGetsWhere(t *testing.T) {
	h := peopled(t)
	for _, to := range endpoints() {
		for _, v := range visitors() {
			try := h.example(to, v)
			before := h.entries()[0].Seq
			got := h.do(try)
			told := fmt.Sprintf("%s at %s with %q as %s", to.operation, try.path, to.body, v.name)
			if v.may(to.reach) && got.status/100 != 2 {
				t.Errorf("%s: %d %s, want success", told, got.status, got.body)
			}
			if !v.may(to.reach) && !slices.Contains(v.refusals(), got.status) {
				t.Errorf("%s: %d %s, want one of %d", told, got.status, got.body, v.refusals())
			}
			if deed := h.deedAfter(before); !v.may(to.reach) && deed != "" {
				t.Errorf("%s must be refused, but the audit has %s", told, deed)
			}
			if !v.sees && strings.Contains(got.body, ownReason) || !v.may(holders) && strings.Contains(got.body, ownTitle) {
				t.Errorf("%s tells of what only others may see: %s", told, got.body)
			}
		}
	}
}

// Lists and streams leave out what one may not see, and nothing else.
func TestWhoSeesWhat(t *testing.T) {
	h := peopled(t)
	hidden := h.requested(ownReason)
	const beginning = "00000000-0000-0000-0000-000000000000"
	for _, v := range visitors() {
		if !v.signedIn() {
			continue
		}
		shared := h.requested("for "+v.name, v.name)
		want := shared.ID
		if v.sees {
			want = hidden.ID
		}
		bearer := h.bearer(v.name)
		list := h.want(http.StatusOK, ask{method: http.MethodGet, path: "/v1/requests?requester=owner", headers: bearer}).body
		if !strings.Contains(list, shared.ID) || strings.Contains(list, hidden.ID) != v.sees {
			t.Errorf("%s, who sees the owner's request: %t, and %s, is shown the list %s", v.name, v.sees, shared.ID, list)
		}
		events, leave := h.stream(ask{method: http.MethodGet, path: "/v1/events?after=" + beginning, headers: bearer})
		if first := next(t, events); !strings.Contains(first.data, want) {
			t.Errorf("%s first hears of %s, want request %s", v.name, first.data, want)
		}
		leave()
	}
}

// example is a try by a visitor whose token, like all that the try could change, is new.
func (h *house) example(to endpoint, v visitor) ask {
	h.t.Helper()
	h.clock.Advance(time.Minute) // so that nobody has tried too often
	method, path, _ := strings.Cut(to.operation, " ")
	if to.address != "" {
		path = to.address
	}
	if strings.HasSuffix(path, "/watch") || strings.HasPrefix(path, "/v1/events") {
		method = http.MethodHead
	}
	try := ask{method: method, path: h.filled(path, v.name), headers: h.bearer(v.name)}
	if to.body != "" {
		try.body = h.filled(to.body, v.name)
	}
	return try
}

// deedAfter is what was done, and not only tried, after an entry of the audit; empty if nothing was.
func (h *house) deedAfter(seq int64) string {
	h.t.Helper()
	for _, entry := range h.entries() {
		if entry.Seq > seq && !strings.HasSuffix(entry.Action, "_refused") {
			return entry.Action
		}
	}
	return ""
}

// The table has every operation that the API has: it is held to the document, and to the routes that go past it.
func TestEveryOperationIsInTheTable(t *testing.T) {
	found := append(documented(t), undocumented(t)...)
	if len(found) < 40 {
		t.Fatalf("found only %q", found)
	}
	var tried []string
	for _, to := range endpoints() {
		tried = append(tried, to.operation)
	}
	slices.Sort(found)
	slices.Sort(tried)
	if diff := cmp.Diff(found, slices.Compact(tried)); diff != "" {
		t.Errorf("operations of the API and of the table (endpoints, in reach_test.go) differ; say there who gets to each: %s", diff)
	}
}

// documented are the operations that the OpenAPI document describes.
func documented(t *testing.T) (all []string) {
	t.Helper()
	document, err := httpapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(document, &described); err != nil {
		t.Fatal(err)
	}
	for path, methods := range described.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	return all
}

// undocumented reads the routes that are added to the mux itself out of the sources.
func undocumented(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	route := regexp.MustCompile(`mux\.Handle(?:Func)?\("([^"]+)"`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range route.FindAllStringSubmatch(string(source), -1) {
			all = append(all, found[1])
		}
	}
	return all
}
