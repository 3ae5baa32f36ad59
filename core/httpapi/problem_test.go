package httpapi_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/httpapi/httpapitest"
	"github.com/accede/accede/internal/obs/obstest"
)

// TestEveryCodeHasItsStatus holds the API to its table: a code that is added needs a line here and in problem.go.
func TestEveryCodeHasItsStatus(t *testing.T) {
	want := map[v1.Code]int{
		"invalid": 422, "invalid_role": 422, "reason_required": 422, "too_long": 422, "duration_too_long": 422,
		"mixed_request": 422, "too_many_resources": 422,
		"unauthenticated": 401, "forbidden": 403, "role_not_requestable": 403, "not_a_reviewer": 403, "self_review": 403,
		"identity_not_linked": 403, "not_found": 404, "conflict": 409, "already_reviewed": 409, "already_resolved": 409,
		"request_changed": 409, "expired": 409, "identity_ambiguous": 409, "idempotency_conflict": 409,
		"rate_limited": 429, "unavailable": 503, "internal": 500,
	}
	codes := codesOfAPI(t)
	if len(codes) != len(want) {
		t.Errorf("api/v1/code.go has %d codes, the table here %d", len(codes), len(want))
	}
	s := serve(t)
	for _, code := range codes {
		s.core.Fail(&core.Error{Code: code, Message: "Because of " + string(code) + ".", Faults: []v1.Fault{{Location: "a", Message: "b"}}})
		got := s.do(ask{method: "GET", path: "/v1/roles", who: "alice"})
		p := got.problem(t)
		if got.status != want[code] || p.Code != code {
			t.Errorf("%s answers %d %s, want %d", code, got.status, p.Code, want[code])
		}
		if code != v1.CodeInternal && (p.Detail != "Because of "+string(code)+"." || len(p.Errors) != 1) {
			t.Errorf("%s loses its sentence or its faults: %+v", code, p)
		}
		if (got.status == 401) != (got.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: WWW-Authenticate %q", code, got.header.Get("WWW-Authenticate"))
		}
		if code == v1.CodeUnavailable && got.header.Get("Retry-After") == "" {
			t.Error("unavailable without Retry-After")
		}
	}
}

func codesOfAPI(t *testing.T) []v1.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1/code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []v1.Code
	ast.Inspect(file, func(node ast.Node) bool {
		literal, ok := node.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if err == nil && !strings.Contains(text, ",") && !strings.HasPrefix(literal.Value, "`") {
			codes = append(codes, v1.Code(text))
		}
		return true
	})
	return codes
}

func TestInternalErrorsAreLoggedAndNotShown(t *testing.T) {
	s := serve(t)
	s.core.Fail(errors.New("disk canary is full"))
	got := s.want(500, ask{method: "GET", path: "/v1/roles", who: "alice"})
	p := got.problem(t)
	reference := got.header.Get("X-Request-Id")
	if strings.Contains(got.body, "canary") || !strings.Contains(p.Detail, reference) {
		t.Errorf("shown: %s", got.body)
	}
	if log := s.log.String(); !strings.Contains(log, "disk canary is full") || !strings.Contains(log, reference) {
		t.Errorf("logged: %s", log)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	logger, log := obstest.Logger(t)
	handler, err := httpapi.New(httpapi.Options{Service: panicking{httpapitest.New()}, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/roles", http.NoBody)
	r.Header.Set("Authorization", "Bearer token-alice")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != 500 || strings.Contains(w.Body.String(), "canary") || !strings.Contains(log.String(), "panic canary") {
		t.Errorf("%d %s, log %s", w.Code, w.Body, log)
	}
}

type panicking struct{ httpapi.Service }

func (panicking) Roles(context.Context, core.Actor) ([]v1.Role, error) { panic("panic canary") }

func TestRefusedInput(t *testing.T) {
	s := serve(t)
	id := s.create("x").ID
	review := "/v1/requests/" + id + "/reviews"
	tests := []struct {
		name string
		ask
		status int
		code   v1.Code
		want   string
	}{
		{"unknown member", ask{method: "POST", path: "/v1/requests", who: "alice", body: `{"roles":["dba"],"raison":"x"}`}, 422, "invalid", "body.raison"},
		{"missing member", ask{method: "POST", path: "/v1/requests", who: "alice", body: `{}`}, 422, "invalid", "at least one role"},
		{"wrong type", ask{method: "POST", path: "/v1/requests", who: "alice", body: `{"roles":"dba"}`}, 422, "invalid", "body.roles"},
		{"bad duration", ask{method: "POST", path: "/v1/requests", who: "alice", body: `{"roles":["dba"],"max_duration":"long"}`}, 422, "invalid", "is not a duration"},
		{"bad verdict", ask{method: "POST", path: review, who: "ivan", body: `{"verdict":"maybe"}`}, 422, "invalid", "body.verdict"},
		{"broken JSON", ask{method: "POST", path: review, who: "ivan", body: `{"verdict":`}, 400, "invalid", "unexpected end"},
		{"text behind", ask{method: "POST", path: review, who: "ivan", body: `{"verdict":"deny"} x`}, 400, "invalid", "after top-level value"},
		{"null", ask{method: "POST", path: review, who: "ivan", body: `null`}, 422, "invalid", "object"},
		{"no body", ask{method: "POST", path: review, who: "ivan"}, 400, "invalid", "body is required"},
		{"malformed id", ask{method: "GET", path: "/v1/requests/abc", who: "alice"}, 422, "invalid", "path.id"},
		{"unknown id", ask{method: "GET", path: "/v1/requests/01990000-0000-7000-8000-000000000000", who: "alice"}, 404, "not_found", "no request"},
		{"malformed cursor", ask{method: "GET", path: "/v1/requests?cursor=1", who: "alice"}, 422, "invalid", "query.cursor"},
		{"limit", ask{method: "GET", path: "/v1/requests?limit=501", who: "alice"}, 422, "invalid", "query.limit"},
		{"limit is text", ask{method: "GET", path: "/v1/requests?limit=x", who: "alice"}, 422, "invalid", "query.limit"},
		{"unknown state", ask{method: "GET", path: "/v1/requests?state=OPEN", who: "alice"}, 422, "invalid", "query.state"},
		{"unknown parameter", ask{method: "GET", path: "/v1/requests?stat=OPEN", who: "alice"}, 422, "invalid", "query.stat"},
		{"unknown path", ask{method: "GET", path: "/v1/reqests", who: "alice"}, 404, "not_found", "nothing at this address"},
		{"unknown path, nobody", ask{method: "GET", path: "/"}, 404, "not_found", "nothing at this address"},
		{"wrong method", ask{method: "DELETE", path: "/v1/requests", who: "alice"}, 405, "invalid", "GET, HEAD, POST"},
		{"wrong content type", ask{method: "POST", path: review, who: "ivan", body: `{"verdict":"deny"}`, headers: map[string]string{
			"Content-Type": "text/plain",
		}}, 415, "invalid", "application/json"},
		{"form", ask{method: "POST", path: review, who: "ivan", body: `{"verdict":"deny"}`, headers: map[string]string{
			"Content-Type": "application/x-www-form-urlencoded",
		}}, 415, "invalid", "application/json"},
		{"too large", ask{method: "POST", path: "/v1/requests", who: "alice", body: `{"reason":"` + strings.Repeat("x", httpapi.MaxBody) + `"}`}, 413, "too_long", "1048576 bytes"},
		{"reason too long", ask{method: "POST", path: "/v1/requests", who: "alice", body: v1.RequestInput{
			Roles: []string{"dba"}, Reason: strings.Repeat("x", v1.MaxReasonBytes+1),
		}}, 422, "too_long", "4096"},
		{"bad resume point", ask{method: "GET", path: "/v1/events", who: "alice", headers: map[string]string{"Last-Event-ID": "x"}}, 422, "invalid", "Last-Event-ID"},
		{"no token", ask{method: "GET", path: "/v1/session"}, 401, "unauthenticated", "not signed in"},
		{"unknown token", ask{method: "GET", path: "/v1/session", who: "eve"}, 401, "unauthenticated", "accede login"},
		{"basic", ask{method: "GET", path: "/v1/session", headers: map[string]string{"Authorization": "Basic YTpi"}}, 401, "unauthenticated", "Bearer"},
		{"token too long", ask{method: "GET", path: "/v1/session", headers: map[string]string{"Authorization": "Bearer " + strings.Repeat("x", 513)}}, 401, "unauthenticated", "Bearer"},
		{"huge body of a stranger", ask{method: "POST", path: "/v1/requests", body: strings.Repeat("x", 1000)}, 401, "unauthenticated", "not signed in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.do(tt.ask)
			p := got.problem(t)
			if got.status != tt.status || p.Code != tt.code || !strings.Contains(got.body, tt.want) {
				t.Errorf("%d %s, want %d %s with %q", got.status, got.body, tt.status, tt.code, tt.want)
			}
		})
	}
	if got := s.do(ask{method: "DELETE", path: "/v1/requests", who: "alice"}).header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestBodyOfAllowedSizeIsRead(t *testing.T) {
	s := serve(t)
	frame := len(`{"roles":["dba"],"reason":""}`)
	body := `{"roles":["dba"],"reason":"` + strings.Repeat("x", httpapi.MaxBody-frame) + `"}`
	p := s.want(422, ask{method: "POST", path: "/v1/requests", who: "alice", body: body}).problem(t)
	if p.Code != v1.CodeTooLong || !strings.Contains(p.Detail, "The reason has") {
		t.Errorf("%+v", p)
	}
}

func TestSignInIsLimited(t *testing.T) {
	now := time.Now()
	s := serveWith(t, httpapi.Options{Now: func() time.Time { return now }})
	try := ask{method: "POST", path: "/v1/sessions", body: v1.SignInInput{Name: "alice", Password: "wrong"}}
	for range 10 {
		s.want(401, try)
	}
	got := s.want(429, try)
	if p := got.problem(t); p.Code != v1.CodeRateLimited || got.header.Get("Retry-After") == "" {
		t.Errorf("%+v, headers %v", p, got.header)
	}
	s.want(401, ask{method: "POST", path: "/v1/sessions", body: v1.SignInInput{Name: "bob", Password: "wrong"}})
	now = now.Add(6 * time.Second)
	s.want(401, try)
	s.want(429, try)
}

// accepting takes every request and keeps none.
type accepting struct{ *httpapitest.Core }

func (accepting) Create(context.Context, core.Actor, v1.RequestInput) (v1.Request, bool, error) {
	return v1.Request{}, true, nil
}

// FuzzBodies sends arbitrary bodies to an operation: every answer is a success or a consistent problem.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		`{"roles":["dba"]}`, `{`, `null`, `[]`, `{"roles":[1]}`, `{"roles":["dba"],"max_duration":"1h"}`, `{"ROLES":["dba"]}`, "\xff",
		`{"roles":["dba"],"reason":"\ud800"}`, `{"roles":["dba"],"max_duration":"9999999999h"}`, `{"a":` + strings.Repeat("[", 100),
	} {
		f.Add(seed)
	}
	handler, err := httpapi.New(httpapi.Options{Service: accepting{httpapitest.New()}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/requests", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer token-alice")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		answer, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code/100 == 2 {
			return
		}
		if w.Code >= 500 {
			t.Fatalf("%q: %d %s", body, w.Code, answer)
		}
		reply{w.Code, w.Header(), string(answer)}.problem(t)
	})
}

func TestGuessingLinkCodesIsLimited(t *testing.T) {
	now := time.Now()
	s := serveWith(t, httpapi.Options{Now: func() time.Time { return now }})
	guess := ask{method: "POST", path: "/v1/links/claim", who: "alice", body: v1.LinkClaim{Code: "AAAAA-AAAAA"}}
	for range 10 {
		s.want(404, guess)
	}
	s.want(429, guess)
	guess.who = "ivan"
	s.want(404, guess)
}
