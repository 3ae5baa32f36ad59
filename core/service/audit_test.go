package service

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// told is the newest audit entry of an action, with its detail read.
func (c *company) told(action string) (v1.AuditEntry, map[string]any) {
	c.t.Helper()
	page, err := c.Audit(c.t.Context(), c.admin, core.AuditFilter{Action: action, Limit: 1})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(page.Entries) == 0 {
		c.t.Fatalf("%s is not in the audit", action)
	}
	var detail map[string]any
	if err := json.Unmarshal(page.Entries[0].Detail, &detail); err != nil {
		c.t.Fatal(err)
	}
	return page.Entries[0], detail
}

// member follows members of a decoded detail.
func member(t *testing.T, detail any, path ...string) any {
	t.Helper()
	for _, name := range path {
		members, ok := detail.(map[string]any)
		if !ok {
			t.Fatalf("there is no %q in %v", name, detail)
		}
		detail = members[name]
	}
	return detail
}

func TestAuditTellsOfChangesToRequests(t *testing.T) {
	c := open(t)
	identity := v1.Identity{Plugin: "slack", Tenant: "T0", User: "U0IVAN"}
	if _, err := c.AddLink(t.Context(), c.admin, v1.Link{Identity: identity, Person: "ivan"}); err != nil {
		t.Fatal(err)
	}
	request := c.ask("ticket #123")
	created, detail := c.told("request.create")
	if created.Actor != "alice" || created.Via != v1.ViaCLI || member(t, detail, "reason") != "ticket #123" || member(t, detail, "before") != nil {
		t.Errorf("created: %+v %v", created, detail)
	}
	c.apply("kind: role\nversion: v1\nmetadata: {name: other}\nspec: {}\n")
	if result := c.decideAs("U0IVAN", v1.Approve, request); !result.Counted() {
		t.Fatalf("the click gave %+v", result)
	}
	entry, detail := c.told("request.review")
	if diff := cmp.Diff(&identity, entry.Identity); diff != "" {
		t.Error(diff)
	}
	if entry.Actor != "ivan" || entry.Via != "slack" || entry.RequestID != request.ID || entry.PolicyVersion != created.PolicyVersion+1 {
		t.Errorf("reviewed: %+v, created under version %d", entry, created.PolicyVersion)
	}
	if member(t, detail, "before", "version") != 1.0 || member(t, detail, "version") != 2.0 || member(t, detail, "review", "verdict") != "approve" {
		t.Errorf("reviewed: %v", detail)
	}
	c.clock.Advance(1000 * time.Hour)
	moves := &Deadlines{Store: c.Store, Now: c.clock.Now, Touched: func() {}, Logger: c.Logger}
	if err := moves.Move(t.Context()); err != nil {
		t.Fatal(err)
	}
	entry, detail = c.told("request.expire")
	if entry.Actor != "" || member(t, detail, "before", "state") != "PENDING" || member(t, detail, "state") != "EXPIRED" {
		t.Errorf("expired: %+v %v", entry, detail)
	}
}

func TestAuditTellsOfRefusals(t *testing.T) {
	c := open(t)
	ctx, request := t.Context(), c.ask("x")
	_, err := c.Review(ctx, c.as("alice"), request.ID, v1.ReviewInput{Verdict: v1.Approve})
	refused(t, err, v1.CodeSelfReview)
	entry, detail := c.told("request.review_refused")
	if entry.Actor != "alice" || entry.RequestID != request.ID || member(t, detail, "code") != "self_review" ||
		member(t, detail, "tried", "verdict") != "approve" || member(t, detail, "message") != err.Error() {
		t.Errorf("refused review: %+v %v", entry, detail)
	}
	carol, ivan := c.as("carol"), c.as("ivan")
	tries := map[string]func() error{
		"request.review": func() error { // not his to see
			_, err := c.Review(ctx, carol, request.ID, v1.ReviewInput{Verdict: v1.Approve})
			return err
		},
		"request.withdraw": func() error {
			_, err := c.Withdraw(ctx, ivan, request.ID, v1.WithdrawInput{})
			return err
		},
		"request.override": func() error {
			_, err := c.Override(ctx, ivan, request.ID, v1.OverrideInput{Verdict: v1.Deny, Reason: "no"})
			return err
		},
		"request.create": func() error {
			_, _, err := c.Create(ctx, carol, v1.RequestInput{Roles: []string{"dba"}})
			return err
		},
		"policy.approvers": func() error {
			_, err := c.WhoCanApprove(ctx, carol, []string{"dba"}, "alice")
			return err
		},
		"person.list":   func() error { _, err := c.People(ctx, carol); return err },
		"person.change": func() error { _, err := c.SavePerson(ctx, carol, "ivan", v1.PersonInput{}); return err },
		"token.list":    func() error { _, err := c.Tokens(ctx, carol, "ivan"); return err },
		"link.list":     func() error { _, err := c.Links(ctx, carol, ""); return err },
		"plugin.add":    func() error { _, err := c.AddPlugin(ctx, carol, v1.PluginInput{Name: "jira"}); return err },
		"role.delete":   func() error { return c.DeleteRole(ctx, carol, "dba") },
		"audit.read":    func() error { _, err := c.Audit(ctx, carol, core.AuditFilter{}); return err },
	}
	for action, try := range tries {
		err := try()
		if err == nil {
			t.Errorf("%s went through", action)
			continue
		}
		if _, detail := c.told(action + refusedSuffix); member(t, detail, "code") != string(core.CodeOf(err)) {
			t.Errorf("%s: %v, refused with %v", action, detail, err)
		}
	}
	_, err = c.SignIn(ctx, v1.SignInInput{Name: "alice", Password: "guess-canary"})
	refused(t, err, v1.CodeUnauthenticated)
	if entry, detail := c.told("session.create_refused"); entry.Actor != "" || member(t, detail, "tried", "name") != "alice" {
		t.Errorf("refused sign-in: %+v %v", entry, detail)
	}
}

func TestAuditTellsOfRolesAndPeople(t *testing.T) {
	c := open(t)
	c.apply("kind: role\nversion: v1\nmetadata: {name: dba, description: new}\nspec: {}\n")
	_, detail := c.told("role.apply")
	if member(t, detail, "before", "metadata", "description") != nil || member(t, detail, "after", "metadata", "description") != "new" {
		t.Errorf("role: %v", detail)
	}
	email, password := "carol@example.com", "long-enough-canary"
	if _, err := c.SavePerson(t.Context(), c.admin, "carol", v1.PersonInput{Email: &email, Password: &password}); err != nil {
		t.Fatal(err)
	}
	entry, detail := c.told("person.change")
	if member(t, detail, "before", "email") != nil || member(t, detail, "after", "email") != email || member(t, detail, "password_changed") != true {
		t.Errorf("person: %s", entry.Detail)
	}
	if _, err := c.SavePerson(t.Context(), c.admin, "eve", v1.PersonInput{}); err != nil {
		t.Fatal(err)
	}
	if _, detail = c.told("person.create"); member(t, detail, "before") != nil || member(t, detail, "after", "name") != "eve" {
		t.Errorf("new person: %v", detail)
	}
}

func TestAuditIsPaged(t *testing.T) {
	c := open(t)
	for range 3 {
		c.ask(time.Now().String())
	}
	filter := core.AuditFilter{Action: "request.*", Actor: "alice", Limit: 2}
	first, err := c.Audit(t.Context(), c.admin, filter)
	if err != nil || len(first.Entries) != 2 || first.Next != first.Entries[1].Seq {
		t.Fatalf("first page %+v, %v", first, err)
	}
	filter.Cursor = first.Next
	second, err := c.Audit(t.Context(), c.admin, filter)
	if err != nil || len(second.Entries) != 1 || second.Next != 0 || second.Entries[0].Seq >= first.Next {
		t.Errorf("second page %+v, %v", second, err)
	}
	_, err = c.Audit(t.Context(), c.admin, core.AuditFilter{Action: "x' OR 1"})
	refused(t, err, v1.CodeInvalid)
}
