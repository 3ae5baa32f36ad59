package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/httpapi/httpapitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the API in front of a core in memory.
type world struct {
	core *httpapitest.Core
	api  http.Handler
	// wrap stands in front of the API, to break it.
	wrap func(w http.ResponseWriter, r *http.Request, next http.Handler)
	url  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := &world{core: httpapitest.New()}
	api, err := httpapi.New(httpapi.Options{Service: s.core, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.api = api
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.wrap != nil {
			s.wrap(w, r, s.api)
			return
		}
		s.api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *world) as(t *testing.T, who string) *client.Client {
	t.Helper()
	c, err := client.New(s.url, client.Options{Token: "token-" + who, Name: "cli", RetryWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func codeOf(err error) v1.Code {
	if problem, ok := errors.AsType[*v1.Problem](err); ok {
		return problem.Code
	}
	return ""
}

// TestEveryMethod calls each method the way it is meant.
func TestEveryMethod(t *testing.T) {
	s := newWorld(t)
	ctx := t.Context()
	alice, root := s.as(t, "alice"), s.as(t, "root")
	request, created, err := alice.CreateRequest(ctx, v1.RequestInput{Roles: []string{"dba"}, Reason: "x"})
	if err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	again, created, err := alice.CreateRequest(ctx, v1.RequestInput{Roles: []string{"dba"}, Reason: "x"})
	if err != nil || created || again.ID != request.ID {
		t.Errorf("asked again: %v, created %v, %v", again.ID, created, err)
	}
	got := must[v1.Request](t)
	if diff := cmp.Diff(request, got(alice.Request(ctx, request.ID))); diff != "" {
		t.Error(diff)
	}
	page := must[v1.RequestPage](t)(alice.Requests(ctx, client.Filter{
		States: []v1.State{v1.StatePending}, Requester: "me", Role: "dba", Limit: 1,
		Since: request.Created, Until: request.Created.Add(1), Text: "X", // a nanosecond is enough
	}))
	if len(page.Requests) != 1 {
		t.Errorf("page %+v", page)
	}
	if reviewed := got(s.as(t, "ivan").Review(ctx, request.ID, v1.ReviewInput{Verdict: v1.Approve})); reviewed.Reviews[0].Via != v1.ViaCLI {
		t.Errorf("reviewed %+v", reviewed)
	}
	if taken := got(alice.Withdraw(ctx, request.ID, v1.WithdrawInput{})); taken.State != v1.StateWithdrawn {
		t.Errorf("withdrawn %+v", taken)
	}
	other, _, err := alice.CreateRequest(ctx, v1.RequestInput{Roles: []string{"dba"}})
	if err != nil {
		t.Fatal(err)
	}
	if decided := got(root.Override(ctx, other.ID, v1.OverrideInput{Verdict: v1.Deny, Reason: "no"})); decided.State != v1.StateDenied {
		t.Errorf("overridden %+v", decided)
	}
	records(t, s, root)
}

func records(t *testing.T, s *world, root *client.Client) {
	t.Helper()
	ctx := t.Context()
	parked := s.core.Park("slack")
	identity := v1.Identity{Plugin: "slack", Tenant: "T/0 ä", User: "U0..IVAN"}
	steps := []struct {
		name string
		do   func() error
	}{
		{"version", func() error { _, err := root.Version(ctx); return err }},
		{"sign in", func() error {
			_, err := root.SignIn(ctx, v1.SignInInput{Name: "bob", Password: "bob-password"})
			return err
		}},
		{"session", func() error { _, err := root.Session(ctx); return err }},
		{"people", func() error { _, err := root.People(ctx); return err }},
		{"add person", func() error { _, err := root.AddPerson(ctx, "eve", v1.PersonInput{}); return err }},
		{"change person", func() error { _, err := root.ChangePerson(ctx, "eve", v1.PersonInput{}); return err }},
		{"person", func() error { _, err := root.Person(ctx, "eve"); return err }},
		{"apply", func() error {
			_, err := root.Apply(ctx, v1.ApplyInput{Documents: []v1.ApplyDocument{{Name: "a", YAML: "name: extra\n"}}})
			return err
		}},
		{"roles", func() error { _, err := root.Roles(ctx); return err }},
		{"role", func() error { _, err := root.Role(ctx, "extra"); return err }},
		{"delete role", func() error { return root.DeleteRole(ctx, "extra") }},
		{"tokens", func() error { _, err := root.Tokens(ctx, "alice"); return err }},
		{"create and revoke token", func() error {
			token, err := root.CreateToken(ctx, v1.TokenInput{Title: "ci"})
			if err != nil {
				return err
			}
			return root.RevokeToken(ctx, token.ID)
		}},
		{"claim link", func() error { _, err := root.ClaimLink(ctx, v1.LinkClaim{Code: httpapitest.LinkCode}); return err }},
		{"add link", func() error { _, err := root.AddLink(ctx, identity, "ivan"); return err }},
		{"links", func() error { _, err := root.Links(ctx, "ivan"); return err }},
		{"remove link", func() error { return root.RemoveLink(ctx, identity) }},
		{"add plugin", func() error { _, err := root.AddPlugin(ctx, "jira"); return err }},
		{"plugins", func() error { _, err := root.Plugins(ctx); return err }},
		{"retry", func() error { _, err := root.RetryDeliveries(ctx, "jira", ""); return err }},
		{"drop", func() error { return root.DropDelivery(ctx, "slack", parked) }},
		{"remove plugin", func() error { return root.RemovePlugin(ctx, "jira") }},
		{"capabilities", func() error { _, err := root.Capabilities(ctx); return err }},
		{"approvers", func() error { _, err := root.Approvers(ctx, []string{"dba"}, "alice"); return err }},
		{"explain", func() error { _, err := root.Explain(ctx, s.core.Newest().ID, "ivan"); return err }},
		{"audit", func() error {
			page, err := root.Audit(ctx, client.AuditFilter{
				Person: "alice", Action: "request.*", OldestFirst: true, Cursor: 1, Since: time.Unix(0, 0), Until: time.Now().Add(time.Hour), Limit: 1,
			})
			if err == nil && (len(page.Entries) != 1 || page.Entries[0].Action != "request.withdraw") {
				err = fmt.Errorf("page %+v", page)
			}
			return err
		}},
		{"sign out", func() error { return root.SignOut(ctx) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	if _, err := root.Session(ctx); codeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("after signing out: %v", err)
	}
}

func TestNamesCannotLeadElsewhere(t *testing.T) {
	s := newWorld(t)
	root := s.as(t, "root")
	for _, name := range []string{"..", "../roles/dba", ".", "a/../../roles/dba", "", "dba?x=y"} {
		if err := root.DeleteRole(t.Context(), name); err == nil {
			t.Errorf("deleting role %q deletes something", name)
		}
	}
	if _, err := root.Role(t.Context(), "dba"); err != nil {
		t.Error(err)
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	s := newWorld(t)
	_, err := s.as(t, "alice").Request(t.Context(), "nonsense")
	if problem, ok := errors.AsType[*v1.Problem](err); !ok || problem.Code != v1.CodeInvalid || len(problem.Errors) != 1 {
		t.Errorf("%#v", err)
	}
}

func TestRetries(t *testing.T) {
	busy := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"code":"unavailable","status":503,"detail":"Later."}`))
	}
	drop := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	gateway := func(w http.ResponseWriter) { http.Error(w, "<html>", http.StatusBadGateway) }
	patch := func(c *client.Client) error {
		_, err := c.ChangePerson(context.Background(), "alice", v1.PersonInput{})
		return err
	}
	put := func(c *client.Client) error {
		_, err := c.AddPerson(context.Background(), "eve", v1.PersonInput{})
		return err
	}
	post := func(c *client.Client) error {
		_, err := c.CreateToken(context.Background(), v1.TokenInput{Title: "x"})
		return err
	}
	read := func(c *client.Client) error { _, err := c.Session(context.Background()); return err }
	tests := []struct {
		name   string
		fault  func(http.ResponseWriter)
		faults int64
		do     func(*client.Client) error
		tries  int64
		ok     bool
	}{
		{"busy read", busy, 2, read, 3, true},
		{"dropped read", drop, 3, read, 4, true},
		{"dropped for good", drop, 9, read, 4, false},
		{"gateway", gateway, 1, read, 2, true},
		{"busy post", busy, 1, post, 2, true},
		{"dropped post", drop, 2, post, 3, true},
		{"dropped patch", drop, 1, patch, 2, true},
		{"busy put", busy, 1, put, 1, false},
		{"dropped put", drop, 1, put, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newWorld(t)
			var tries atomic.Int64
			s.wrap = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if tries.Add(1) <= tt.faults {
					tt.fault(w)
					return
				}
				next.ServeHTTP(w, r)
			}
			if err := tt.do(s.as(t, "root")); (err == nil) != tt.ok || tries.Load() != tt.tries {
				t.Errorf("%d tries, want %d: %v", tries.Load(), tt.tries, err)
			}
		})
	}
}

// TestLostAnswerIsNotCarriedOutTwice drops the connection after the core has done what was asked.
func TestLostAnswerIsNotCarriedOutTwice(t *testing.T) {
	s := newWorld(t)
	var tries atomic.Int64
	s.wrap = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if tries.Add(1) == 1 {
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	}
	token, err := s.as(t, "alice").CreateToken(t.Context(), v1.TokenInput{Title: "ci"})
	if err != nil || token.Secret == "" || s.core.Calls() != 1 {
		t.Errorf("%+v after %d calls: %v", token, s.core.Calls(), err)
	}
}

func TestUnreachable(t *testing.T) {
	c, err := client.New("http://127.0.0.1:1", client.Options{RetryWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Session(t.Context())
	if _, ok := errors.AsType[*client.UnreachableError](err); !ok || !strings.Contains(err.Error(), "http://127.0.0.1:1: dial tcp") {
		t.Errorf("%v", err)
	}
	for _, err := range c.Watch(t.Context(), "x") {
		if _, ok := errors.AsType[*client.UnreachableError](err); !ok {
			t.Errorf("watching: %v", err)
		}
	}
}

func TestForeignServers(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"sends callers on to https://elsewhere.example.com/": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusMovedPermanently)
		},
		"the answer is not from Accede":        func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"the answer is not what Accede sends.": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
	}
	for want, handler := range answers {
		server := httptest.NewServer(handler)
		c, err := client.New(server.URL, client.Options{RetryWait: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Session(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		c.Close()
		server.Close()
	}
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "accede.example.com", "ftp://x", "http://", "http://u:p@x", "http://x?y", "::"} {
		if _, err := client.New(address, client.Options{}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
	c, err := client.New("https://x/sub/", client.Options{})
	if err != nil || c.Address() != "https://x/sub" {
		t.Errorf("%v, %v", c, err)
	}
}
