package service

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
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
