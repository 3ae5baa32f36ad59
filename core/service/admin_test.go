package service

import (
	"errors"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/broker"
	"github.com/accede/accede/core"
)

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
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Password: &password}); err != nil {
		t.Fatal(err)
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
