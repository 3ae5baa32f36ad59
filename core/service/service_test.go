package service

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/store/sqlite"
	"github.com/accede/accede/internal/clock"
)

// openGate lets every plugin in.
type openGate struct{ inside map[string]string }

func (g openGate) AddPlugin(_ context.Context, name, key string) error {
	g.inside[name] = key
	return nil
}

func (g openGate) RemovePlugin(_ context.Context, name string) error {
	delete(g.inside, name)
	return nil
}
func (g openGate) Pending(context.Context, string) (int64, error) { return 3, nil }

// company is a service on a real store with the people of the demo.
type company struct {
	*Service
	t     *testing.T
	clock *clock.Fake
	gate  openGate
	admin core.Actor
}

//nolint:gochecknoglobals // a time cannot be a constant
var opening = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const documents = `
kind: role
version: v1
metadata: {name: contractor}
spec:
  allow:
    request:
      roles: [dba]
      suggested_reviewers: [ivan, somebody-who-left]
      thresholds: [{name: managers, approve: 2}]
---
kind: role
version: v1
metadata: {name: reviewer}
spec: {allow: {review_requests: {roles: [dba]}}}
---
kind: role
version: v1
metadata: {name: dba}
spec: {options: {max_session_ttl: 4h}}
---
kind: user
version: v1
metadata: {name: alice}
spec: {email: alice@example.com, roles: [contractor]}
---
kind: user
version: v1
metadata: {name: ivan}
spec: {email: ivan@example.com, roles: [reviewer]}
---
kind: user
version: v1
metadata: {name: bob}
spec: {roles: [reviewer]}
---
kind: user
version: v1
metadata: {name: carol}
spec: {}
`

func open(t *testing.T) *company {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &company{t: t, clock: clock.NewFake(opening), gate: openGate{inside: map[string]string{}}}
	c.admin = core.Actor{Person: v1.Person{Name: "root", Admin: true}, Via: v1.ViaCLI}
	c.Service, err = New(Options{
		Store: store, Now: c.clock.Now, Logger: slog.New(slog.DiscardHandler), Gate: c.gate, Wake: func() {},
		Replicas: func(string) []v1.Replica { return nil }, BrokerAddress: "nats://127.0.0.1:4222", SessionTTL: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.apply(documents)
	return c
}

func (c *company) apply(yaml string) v1.ApplyResult {
	c.t.Helper()
	input := v1.ApplyInput{Documents: []v1.ApplyDocument{{Name: "test.yaml", YAML: yaml}}}
	result, err := c.Apply(c.t.Context(), c.admin, input)
	if err != nil {
		c.t.Fatal(err)
	}
	return result
}

func (c *company) as(name string) core.Actor {
	c.t.Helper()
	person, err := c.Person(c.t.Context(), c.admin, name)
	if err != nil {
		c.t.Fatal(err)
	}
	return core.Actor{Person: person, Via: v1.ViaCLI}
}

func (c *company) ask(reason string) v1.Request {
	c.t.Helper()
	request, created, err := c.Create(c.t.Context(), c.as("alice"), v1.RequestInput{Roles: []string{"dba"}, Reason: reason})
	if err != nil || !created {
		c.t.Fatalf("created %v, error %v", created, err)
	}
	return request
}

func (c *company) decideAs(user string, verdict v1.Verdict, request v1.Request) v1.DecisionResult {
	c.t.Helper()
	decision := v1.Decision{
		ID: user + string(verdict), Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: user}, RequestID: request.ID,
		Verdict: verdict, SeenVersion: request.Version, SeenFingerprint: request.Fingerprint, Made: c.clock.Now(),
	}
	var result v1.DecisionResult
	err := c.Store.Update(c.t.Context(), func(tx core.Tx) (err error) {
		result, err = c.Decide(tx, decision, c.clock.Now())
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return result
}

func (c *company) audited(action string) (entries []core.AuditEntry) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(reader core.Reader) error {
		all, err := reader.Audit(core.AuditFilter{OldestFirst: true})
		for _, entry := range all {
			if entry.Action == action {
				entries = append(entries, entry)
			}
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return entries
}

func refused(t *testing.T, err error, code v1.Code) {
	t.Helper()
	if err == nil || core.CodeOf(err) != code {
		t.Fatalf("error %v with code %s, want %s", err, core.CodeOf(err), code)
	}
}

func TestDryRunLeavesNothing(t *testing.T) {
	c := open(t)
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: "x", DryRun: true}
	for range 2 {
		request, created, err := c.Create(t.Context(), c.as("alice"), input)
		if err != nil || created || !request.DryRun || len(request.SuggestedReviewers) != 1 || request.Thresholds[0].Approve != 2 {
			t.Fatalf("created %v, %+v, %v", created, request, err)
		}
	}
	page, err := c.Requests(t.Context(), c.as("alice"), core.RequestFilter{})
	if err != nil || len(page.Requests) != 0 || len(c.audited("request.create")) != 0 {
		t.Errorf("it left %+v, %v", page, err)
	}
	input.Roles = []string{"reviewer"}
	_, _, err = c.Create(t.Context(), c.as("alice"), input)
	refused(t, err, v1.CodeRoleNotRequestable)
}

// Rule 7.1: an elevated session ends with the session it was asked from.
func TestSessionBoundsAccess(t *testing.T) {
	c := open(t)
	alice := c.as("alice")
	alice.Token.Expires = c.clock.Now().Add(90 * time.Minute)
	request, _, err := c.Create(t.Context(), alice, v1.RequestInput{Roles: []string{"dba"}, Reason: "x"})
	if err != nil || request.SessionTTL.Std() != 90*time.Minute {
		t.Fatalf("session %s, %v", request.SessionTTL, err)
	}
	c.clock.Advance(time.Minute)
	again, created, err := c.Create(t.Context(), alice, v1.RequestInput{Roles: []string{"dba"}, Reason: "x"})
	if err != nil || created || again.ID != request.ID {
		t.Errorf("asking again made %s besides %s, %v", again.ID, request.ID, err)
	}
}

func TestAskReviewApprove(t *testing.T) {
	c := open(t)
	changed := c.Changed()
	request := c.ask("ticket #123")
	select {
	case <-changed:
	default:
		t.Error("nobody was told of the new request")
	}
	if diff := cmp.Diff([]v1.PersonRef{{Name: "ivan", Email: "ivan@example.com"}}, request.SuggestedReviewers); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"ivan", "bob"} {
		next, err := c.Review(t.Context(), c.as(name), request.ID, v1.ReviewInput{Verdict: v1.Approve})
		if err != nil {
			t.Fatal(err)
		}
		request = next
	}
	if request.State != v1.StateApproved || request.Version != 3 {
		t.Fatalf("state %s, version %d", request.State, request.Version)
	}
	events, _, err := c.Events(t.Context(), c.as("alice"), "", request.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, event := range events {
		kinds = append(kinds, event.Type)
	}
	if diff := cmp.Diff([]string{v1.EventCreated, v1.EventReviewed, v1.EventResolved}, kinds); diff != "" {
		t.Error(diff)
	}
	if n := len(c.audited("request.review")); n != 2 {
		t.Errorf("%d reviews in the audit, want 2", n)
	}
}

// Rule 9.5.
func TestSameAskIsReturned(t *testing.T) {
	c := open(t)
	first := c.ask("ticket #123")
	again, created, err := c.Create(t.Context(), c.as("alice"), v1.RequestInput{Roles: []string{"dba"}, Reason: "ticket #123"})
	if err != nil || created || again.ID != first.ID {
		t.Fatalf("created %v, id %s after %s, error %v", created, again.ID, first.ID, err)
	}
	if other := c.ask("another ticket"); other.ID == first.ID {
		t.Error("a different ask is taken for the same")
	}
}

func TestUnknownReviewerIsRefused(t *testing.T) {
	c := open(t)
	_, _, err := c.Create(t.Context(), c.as("alice"), v1.RequestInput{Roles: []string{"dba"}, SuggestedReviewers: []string{"ivna"}})
	refused(t, err, v1.CodeNotFound)
}

func TestBystandersSeeNothing(t *testing.T) {
	c := open(t)
	request := c.ask("secret plan")
	_, err := c.Request(t.Context(), c.as("carol"), request.ID)
	refused(t, err, v1.CodeNotFound)
	_, err = c.Review(t.Context(), c.as("carol"), request.ID, v1.ReviewInput{Verdict: v1.Approve})
	refused(t, err, v1.CodeNotFound)
	page, err := c.Requests(t.Context(), c.as("carol"), core.RequestFilter{})
	if err != nil || len(page.Requests) != 0 {
		t.Errorf("carol lists %d requests, error %v", len(page.Requests), err)
	}
	events, last, err := c.Events(t.Context(), c.as("carol"), "", "", 1)
	if err != nil || len(events) != 0 || last == "" {
		t.Errorf("carol follows %d events up to %q, error %v", len(events), last, err)
	}
	_, err = c.Request(t.Context(), c.as("ivan"), "not-an-id")
	refused(t, err, v1.CodeInvalid)
}

func TestListsGoOnPastWhatCannotBeSeen(t *testing.T) {
	c := open(t)
	for _, reason := range []string{"1", "2", "3", "4", "5"} {
		c.clock.Advance(time.Second)
		c.ask(reason)
	}
	filter := core.RequestFilter{Limit: 2}
	var reasons []string
	for {
		page, err := c.Requests(t.Context(), c.as("ivan"), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range page.Requests {
			reasons = append(reasons, request.Reason)
		}
		if page.Next == "" {
			break
		}
		filter.Before = page.Next
	}
	if diff := cmp.Diff([]string{"5", "4", "3", "2", "1"}, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestClickByUnknownAccountOffersLink(t *testing.T) {
	c := open(t)
	request := c.ask("ticket #123")
	result := c.decideAs("U0IVAN", v1.Approve, request)
	if result.Code != v1.CodeIdentityNotLinked || result.LinkCode == "" || !strings.Contains(result.Message, result.LinkCode) {
		t.Fatalf("result %+v offers no link", result)
	}
	// Codes are read aloud and typed: case and dashes do not matter.
	typed := strings.ToLower(strings.ReplaceAll(result.LinkCode, "-", " "))
	shown, err := c.ClaimLink(t.Context(), c.as("ivan"), v1.LinkClaim{Code: typed})
	if err != nil || shown.Linked || shown.Identity.User != "U0IVAN" {
		t.Fatalf("claim without confirming: %+v, error %v", shown, err)
	}
	linked, err := c.ClaimLink(t.Context(), c.as("ivan"), v1.LinkClaim{Code: typed, Confirm: true})
	if err != nil || !linked.Linked {
		t.Fatalf("claim: %+v, error %v", linked, err)
	}
	_, err = c.ClaimLink(t.Context(), c.as("bob"), v1.LinkClaim{Code: typed, Confirm: true})
	refused(t, err, v1.CodeNotFound)
	if result = c.decideAs("U0IVAN", v1.Approve, request); !result.Counted() || result.Request.Thresholds[0].Approvals != 1 {
		t.Errorf("after linking: %+v", result)
	}
}

func TestLinkCodesExpire(t *testing.T) {
	c := open(t)
	result := c.decideAs("U0IVAN", v1.Approve, c.ask("ticket #123"))
	c.clock.Advance(linkCodeLife + time.Second)
	_, err := c.ClaimLink(t.Context(), c.as("ivan"), v1.LinkClaim{Code: result.LinkCode, Confirm: true})
	refused(t, err, v1.CodeNotFound)
}

// Rules 3.2 and 3.3: identities are compared after links are resolved.
func TestOnePersonManyAccounts(t *testing.T) {
	c := open(t)
	for user, person := range map[string]string{"U0IVAN": "ivan", "U0IVAN2": "ivan", "U0ALICE": "alice"} {
		link := v1.Link{Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: user}, Person: person}
		if _, err := c.AddLink(t.Context(), c.admin, link); err != nil {
			t.Fatal(err)
		}
	}
	request := c.ask("ticket #123")
	if result := c.decideAs("U0ALICE", v1.Approve, request); result.Code != v1.CodeSelfReview {
		t.Errorf("alice approves her own request: %+v", result)
	}
	if result := c.decideAs("U0IVAN", v1.Approve, request); !result.Counted() {
		t.Errorf("ivan's first account: %+v", result)
	}
	if result := c.decideAs("U0IVAN2", v1.Approve, request); result.Code != v1.CodeAlreadyReviewed {
		t.Errorf("ivan's second account: %+v", result)
	}
	_, err := c.Review(t.Context(), c.as("ivan"), request.ID, v1.ReviewInput{Verdict: v1.Approve})
	refused(t, err, v1.CodeAlreadyReviewed)
	if n := len(c.audited("request.review_refused")); n != 3 {
		t.Errorf("%d refused reviews in the audit, want 3", n)
	}
}

func TestClickDenies(t *testing.T) {
	c := open(t)
	c.link("U0IVAN", "ivan")
	result := c.decideAs("U0IVAN", v1.Deny, c.ask("ticket #123"))
	if !result.Counted() || result.Request.State != v1.StateDenied || !strings.HasPrefix(result.Message, "Denied") {
		t.Errorf("result %+v", result)
	}
}

func TestClickNeedsAFingerprint(t *testing.T) {
	c := open(t)
	link := v1.Link{Identity: v1.Identity{Plugin: "slack", Tenant: "T0", User: "U0IVAN"}, Person: "ivan"}
	if _, err := c.AddLink(t.Context(), c.admin, link); err != nil {
		t.Fatal(err)
	}
	request := c.ask("ticket #123")
	request.Fingerprint = ""
	if result := c.decideAs("U0IVAN", v1.Approve, request); result.Code != v1.CodeRequestChanged {
		t.Errorf("result %+v", result)
	}
}

func TestAccountBelongsToOnePerson(t *testing.T) {
	c := open(t)
	identity := v1.Identity{Plugin: "slack", Tenant: "T0", User: "U0IVAN"}
	for _, person := range []string{"ivan", "ivan"} {
		if _, err := c.AddLink(t.Context(), c.admin, v1.Link{Identity: identity, Person: person}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.AddLink(t.Context(), c.admin, v1.Link{Identity: identity, Person: "bob"})
	refused(t, err, v1.CodeConflict)
	refused(t, c.RemoveLink(t.Context(), c.as("bob"), identity), v1.CodeNotFound)
	if err := c.RemoveLink(t.Context(), c.as("ivan"), identity); err != nil {
		t.Error(err)
	}
}

func TestSignIn(t *testing.T) {
	c := open(t)
	password := "correct horse battery"
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Password: &password}); err != nil {
		t.Fatal(err)
	}
	session, err := c.SignIn(t.Context(), v1.SignInInput{Name: "Alice@Example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := c.Authenticate(t.Context(), session.Secret, v1.ViaCLI)
	if err != nil || actor.Person.Name != "alice" {
		t.Fatalf("actor %+v, error %v", actor, err)
	}
	for _, wrong := range []v1.SignInInput{
		{Name: "alice", Password: "wrong horse"}, {Name: "nobody", Password: password}, {Name: "bob", Password: ""},
	} {
		_, err := c.SignIn(t.Context(), wrong)
		refused(t, err, v1.CodeUnauthenticated)
	}
	if err := c.SignOut(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	_, err = c.Authenticate(t.Context(), session.Secret, v1.ViaCLI)
	refused(t, err, v1.CodeUnauthenticated)
}

func TestTokensExpireAndBelong(t *testing.T) {
	c := open(t)
	token, err := c.CreateToken(t.Context(), c.as("alice"), v1.TokenInput{Title: "script", TTL: v1.Duration(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateToken(t.Context(), c.as("alice"), v1.TokenInput{Title: "script", Person: "ivan"})
	refused(t, err, v1.CodeForbidden)
	refused(t, c.RevokeToken(t.Context(), c.as("bob"), token.ID), v1.CodeNotFound)
	c.clock.Advance(time.Hour + time.Second)
	_, err = c.Authenticate(t.Context(), token.Secret, v1.ViaAPI)
	refused(t, err, v1.CodeUnauthenticated)
	off := true
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	fresh, err := c.CreateToken(t.Context(), c.admin, v1.TokenInput{Title: "x", Person: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Authenticate(t.Context(), fresh.Secret, v1.ViaAPI)
	refused(t, err, v1.CodeUnauthenticated)
}

func TestOnlyAdministratorsAdminister(t *testing.T) {
	c := open(t)
	alice := c.as("alice")
	admin, password := true, "a new password"
	calls := map[string]func() error{
		"people": func() error { _, err := c.People(t.Context(), alice); return err },
		"person": func() error { _, err := c.Person(t.Context(), alice, "bob"); return err },
		"promote": func() error {
			_, err := c.SavePerson(t.Context(), alice, "alice", v1.PersonInput{Admin: &admin})
			return err
		},
		"password": func() error {
			_, err := c.SavePerson(t.Context(), alice, "bob", v1.PersonInput{Password: &password})
			return err
		},
		"apply": func() error { _, err := c.Apply(t.Context(), alice, v1.ApplyInput{}); return err },
		"role":  func() error { return c.DeleteRole(t.Context(), alice, "dba") },
		"links": func() error { _, err := c.Links(t.Context(), alice, ""); return err },
		"link": func() error {
			_, err := c.AddLink(t.Context(), alice, v1.Link{Identity: v1.Identity{Plugin: "p", Tenant: "t", User: "u"}})
			return err
		},
		"plugins": func() error { _, err := c.Plugins(t.Context(), alice); return err },
		"plugin":  func() error { _, err := c.AddPlugin(t.Context(), alice, v1.PluginInput{Name: "slack"}); return err },
		"remove":  func() error { return c.RemovePlugin(t.Context(), alice, "slack") },
		"retry":   func() error { _, err := c.RetryDeliveries(t.Context(), alice, "slack", ""); return err },
		"tokens":  func() error { _, err := c.Tokens(t.Context(), alice, ""); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { refused(t, call(), v1.CodeForbidden) })
	}
	if _, err := c.SavePerson(t.Context(), alice, "alice", v1.PersonInput{Password: &password}); err != nil {
		t.Errorf("alice cannot change her own password: %v", err)
	}
}

func TestApply(t *testing.T) {
	c := open(t)
	for _, applied := range c.apply(documents).Applied {
		if applied.Change != changeUnchanged {
			t.Errorf("%s %s is %s when applied again", applied.Kind, applied.Name, applied.Change)
		}
	}
	for name, test := range map[string]struct{ yaml, says string }{
		"unknown field": {"kind: role\nversion: v1\nmetadata: {name: x}\nspec:\n  allow:\n    requests: {}\n", "requests"},
		"broken yaml":   {"kind: role\n  version: v1\n", "test.yaml:"},
		"unknown kind":  {"kind: rolle\n", "rolle"},
		"unknown role":  {"kind: user\nversion: v1\nmetadata: {name: eve}\nspec: {roles: [nope]}\n", "nope"},
		"bad pattern":   {"kind: role\nversion: v1\nmetadata: {name: x}\nspec: {allow: {request: {roles: ['^(']}}}\n---\nkind: role\nversion: v1\nmetadata: {name: y}\nspec: {allow: {request: {roles: ['^(a$']}}}\n", "regular expression"},
		"nothing":       {"# only a comment\n", "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			input := v1.ApplyInput{Documents: []v1.ApplyDocument{{Name: "test.yaml", YAML: test.yaml}}}
			_, err := c.Apply(t.Context(), c.admin, input)
			refused(t, err, v1.CodeInvalid)
			if said := saidOf(err); !strings.Contains(said, test.says) {
				t.Errorf("error %q does not mention %q", said, test.says)
			}
		})
	}
}

// saidOf is everything a refusal says.
func saidOf(err error) string {
	said := err.Error()
	if refusal, ok := errors.AsType[*core.Error](err); ok {
		for _, fault := range refusal.Faults {
			said += "\n" + fault.Location + ": " + fault.Message
		}
	}
	return said
}

func TestApplyIsAllOrNothing(t *testing.T) {
	c := open(t)
	half := "kind: role\nversion: v1\nmetadata: {name: fresh}\nspec: {}\n---\nkind: user\nversion: v1\nmetadata: {name: eve}\nspec: {roles: [nope]}\n"
	input := v1.ApplyInput{Documents: []v1.ApplyDocument{{Name: "half.yaml", YAML: half}}}
	if _, err := c.Apply(t.Context(), c.admin, input); err == nil {
		t.Fatal("half a set was applied")
	}
	_, err := c.Role(t.Context(), c.admin, "fresh")
	refused(t, err, v1.CodeNotFound)
	dry := v1.ApplyInput{DryRun: true, Documents: []v1.ApplyDocument{{Name: "dry.yaml", YAML: "kind: role\nversion: v1\nmetadata: {name: fresh}\nspec: {}\n"}}}
	result, err := c.Apply(t.Context(), c.admin, dry)
	if err != nil || len(result.Applied) != 1 || result.Applied[0].Change != changeCreated {
		t.Fatalf("dry run: %+v, error %v", result, err)
	}
	_, err = c.Role(t.Context(), c.admin, "fresh")
	refused(t, err, v1.CodeNotFound)
	refused(t, c.DeleteRole(t.Context(), c.admin, "contractor"), v1.CodeConflict)
}

func TestPeopleAreChecked(t *testing.T) {
	c := open(t)
	long, bad, taken, short := strings.Repeat("x", 201), "not an address", "ALICE@example.com", "short"
	for name, input := range map[string]v1.PersonInput{
		"display name": {DisplayName: &long}, "e-mail": {Email: &bad}, "password": {Password: &short},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.SavePerson(t.Context(), c.admin, "bob", input)
			refused(t, err, v1.CodeInvalid)
		})
	}
	_, err := c.SavePerson(t.Context(), c.admin, "bob", v1.PersonInput{Email: &taken})
	refused(t, err, v1.CodeConflict)
	_, err = c.SavePerson(t.Context(), c.admin, "no spaces", v1.PersonInput{})
	refused(t, err, v1.CodeInvalid)
}

func TestPluginsComeAndGo(t *testing.T) {
	c := open(t)
	made, err := c.AddPlugin(t.Context(), c.admin, v1.PluginInput{Name: "slack"})
	if err != nil {
		t.Fatal(err)
	}
	credential, err := broker.ParseCredential([]byte(made.Credential))
	if err != nil || credential.Plugin != "slack" || credential.Broker != "nats://127.0.0.1:4222" {
		t.Fatalf("credential %+v, error %v", credential, err)
	}
	again, err := c.AddPlugin(t.Context(), c.admin, v1.PluginInput{Name: "slack"})
	if err != nil {
		t.Fatal(err)
	}
	replaced, err := broker.ParseCredential([]byte(again.Credential))
	if err != nil || replaced.Seed == credential.Seed || replaced.ButtonKey != credential.ButtonKey {
		t.Errorf("a new credential keeps the seed or changes the button key, error %v", err)
	}
	if c.gate.inside["slack"] == "" {
		t.Error("the broker does not let the plugin in")
	}
	statuses, err := c.Plugins(t.Context(), c.admin)
	if err != nil || len(statuses) != 1 || statuses[0].Pending != 3 {
		t.Errorf("statuses %+v, error %v", statuses, err)
	}
	_, err = c.AddPlugin(t.Context(), c.admin, v1.PluginInput{Name: "Sl.ack"})
	refused(t, err, v1.CodeInvalid)
	if err := c.RemovePlugin(t.Context(), c.admin, "slack"); err != nil || len(c.gate.inside) != 0 {
		t.Errorf("removed: %v, inside %v", err, c.gate.inside)
	}
	refused(t, c.RemovePlugin(t.Context(), c.admin, "slack"), v1.CodeNotFound)
}

func TestBootstrapMakesOneAdministrator(t *testing.T) {
	c := open(t)
	secret, created, err := c.Bootstrap(t.Context())
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	actor, err := c.Authenticate(t.Context(), secret.Secret, v1.ViaCLI)
	if err != nil || !actor.Person.Admin {
		t.Fatalf("actor %+v, error %v", actor, err)
	}
	if _, again, err := c.Bootstrap(t.Context()); err != nil || again {
		t.Errorf("a second first administrator: %v, error %v", again, err)
	}
}

func TestIdempotencyKeysAreKept(t *testing.T) {
	c := open(t)
	alice := c.as("alice")
	if err := c.SaveIdempotent(t.Context(), alice, "k", "ask", 201, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	status, body, found, err := c.Idempotency(t.Context(), alice, "k", "ask")
	if err != nil || !found || status != 201 || string(body) != "{}" {
		t.Errorf("status %d, body %s, found %v, error %v", status, body, found, err)
	}
	_, _, _, err = c.Idempotency(t.Context(), alice, "k", "another ask")
	refused(t, err, v1.CodeIdempotencyConflict)
	if _, _, found, _ = c.Idempotency(t.Context(), c.as("bob"), "k", "another ask"); found {
		t.Error("bob gets alice's answer")
	}
}

func FuzzParseDocuments(f *testing.F) {
	f.Add(documents)
	f.Add("kind: role\nversion: v1\nmetadata: {name: x}\nspec: {allow: {request: {roles: ['*'], max_duration: 4h}}}\n")
	f.Add("kind: user\n---\nkind: role\n---\n---\n")
	f.Fuzz(func(t *testing.T, yaml string) {
		parsed, err := parseDocuments([]v1.ApplyDocument{{Name: "fuzz.yaml", YAML: yaml}})
		if err != nil && core.CodeOf(err) != v1.CodeInvalid {
			t.Fatalf("error %v is no refusal", err)
		}
		if err == nil && len(parsed) == 0 {
			t.Fatal("nothing was parsed and nothing refused")
		}
	})
}
