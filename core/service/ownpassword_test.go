package service

import (
	"testing"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const firstPassword, secondPassword = "the-first-password", "the-second-password"

func (c *company) signInAlice(password string) (core.Actor, error) {
	session, err := c.SignInBrowser(c.t.Context(), v1.SignInInput{Name: "alice", Password: password}, "a browser")
	if err != nil {
		return core.Actor{}, err
	}
	return c.Authenticate(c.t.Context(), session.Secret, v1.ViaWeb)
}

func TestChangingOnesPassword(t *testing.T) {
	c := open(t)
	password := firstPassword
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Password: &password}); err != nil {
		t.Fatal(err)
	}
	here, err := c.signInAlice(firstPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.signInAlice(firstPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateToken(t.Context(), here, v1.TokenInput{Title: "build server"}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ present, next string }{
		"wrong": {"not-the-password", secondPassword},
		"empty": {"", secondPassword},
		"short": {firstPassword, "short"},
	} {
		if err := c.ChangePassword(t.Context(), here, tt.present, tt.next); core.CodeOf(err) != v1.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.ChangePassword(t.Context(), here, firstPassword, secondPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := c.signInAlice(firstPassword); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("the old password gives %v", err)
	}
	tokens, err := c.Tokens(t.Context(), here, "alice")
	if err != nil {
		t.Fatal(err)
	}
	if len(tokens) != 2 || tokens[0].ID != here.Token.ID || tokens[1].Title != "build server" {
		t.Errorf("left are %+v; want this browser and the build server", tokens)
	}
	if _, err := c.signInAlice(secondPassword); err != nil {
		t.Errorf("the new password gives %v", err)
	}
}

func TestANewPasswordEndsSessionsInBrowsers(t *testing.T) {
	c := open(t)
	first, second := firstPassword, secondPassword
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Password: &first}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.signInAlice(firstPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Password: &second}); err != nil {
		t.Fatal(err)
	}
	if tokens, err := c.Tokens(t.Context(), c.admin, "alice"); err != nil || len(tokens) != 0 {
		t.Errorf("left are %+v, %v", tokens, err)
	}
}

// Who signs in through a provider has no password, and can give themselves none: the provider decides whether they still may.
func TestNobodyGivesThemselvesAFirstPassword(t *testing.T) {
	c := open(t)
	alice := c.as("alice")
	if has, err := c.HasPassword(t.Context(), alice); has || err != nil {
		t.Errorf("has a password: %v, %v", has, err)
	}
	if err := c.ChangePassword(t.Context(), alice, "", secondPassword); core.CodeOf(err) != v1.CodeForbidden {
		t.Errorf("got %v", err)
	}
	password := secondPassword
	if _, err := c.SavePerson(t.Context(), alice, "alice", v1.PersonInput{Password: &password}); core.CodeOf(err) != v1.CodeForbidden {
		t.Errorf("by the other way: got %v", err)
	}
	entries, err := c.Audit(t.Context(), c.admin, core.AuditFilter{Limit: 2})
	if err != nil || len(entries.Entries) != 2 {
		t.Fatalf("the audit has %+v, %v", entries, err)
	}
	for _, entry := range entries.Entries {
		if entry.Action != "person.change_refused" || entry.Actor != "alice" {
			t.Errorf("the audit has %+v", entry)
		}
	}
}
