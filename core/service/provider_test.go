package service

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
)

const issuer = "https://id.example.com"

// account is one at the provider; claims are added to those that everybody has.
func account(subject string, claims map[string][]string) signin.Account {
	all := map[string][]string{"preferred_username": {subject + "@corp"}, "email": {subject + "@example.com"}, "name": {"The " + subject}}
	maps.Copy(all, claims)
	return signin.Account{Issuer: issuer, Subject: subject, Claims: all}
}

func provided(t *testing.T, rules ProviderRules) *company {
	t.Helper()
	c := open(t)
	if rules.NameClaim == "" {
		rules.NameClaim = "preferred_username"
	}
	c.Provider = rules
	return c
}

func (c *company) signInAs(account signin.Account) (v1.Person, error) {
	c.t.Helper()
	session, err := c.SignInAccount(c.t.Context(), account, "a browser")
	if err != nil {
		return v1.Person{}, err
	}
	if !session.Browser || session.Device != "a browser" {
		c.t.Errorf("session %+v", session.Token)
	}
	actor, err := c.Authenticate(c.t.Context(), session.Secret, v1.ViaWeb)
	return actor.Person, err
}

func TestAccountsOfNobody(t *testing.T) {
	c := provided(t, ProviderRules{MatchEmail: MatchNever})
	_, err := c.signInAs(account("alice", map[string][]string{"email_verified": {"true"}}))
	if core.CodeOf(err) != v1.CodeUnauthenticated || !strings.Contains(err.Error(), "belongs to nobody here") {
		t.Errorf("error %v", err)
	}
	entry, detail := c.told("session.create_refused")
	if entry.Via != v1.ViaWeb || member(t, detail, "tried", "subject") != "alice" {
		t.Errorf("audit %+v %v", entry, detail)
	}
}

func TestAddressesAreBelievedAsConfigured(t *testing.T) {
	verified := map[string][]string{"email_verified": {"true"}}
	for _, tt := range []struct {
		match  EmailMatch
		claims map[string][]string
		found  bool
	}{
		{MatchNever, verified, false},
		{MatchVerified, verified, true},
		{MatchVerified, nil, false},
		{MatchVerified, map[string][]string{"email_verified": {"false"}}, false},
		{MatchAlways, nil, true},
		{MatchAlways, map[string][]string{"email": {"nobody@example.com"}}, false},
		{MatchAlways, map[string][]string{"email": {"bob"}}, false},
		{MatchAlways, map[string][]string{"email": nil}, false},
	} {
		c := provided(t, ProviderRules{MatchEmail: tt.match})
		person, err := c.signInAs(account("alice", tt.claims))
		if tt.found != (err == nil) || tt.found && person.Name != "alice" {
			t.Errorf("%s with %v: %q, %v", tt.match, tt.claims, person.Name, err)
		}
		if !tt.found {
			continue
		}
		// From then on the account is alice's, whatever address it has.
		person, err = c.signInAs(account("alice", map[string][]string{"email": {"ivan@example.com"}, "email_verified": {"true"}}))
		if err != nil || person.Name != "alice" {
			t.Errorf("then with another address: %q, %v", person.Name, err)
		}
	}
}

// A person whose name looks like an address is not who has that address.
func TestNamesAreNoAddresses(t *testing.T) {
	c := provided(t, ProviderRules{MatchEmail: MatchAlways})
	if _, err := c.SavePerson(t.Context(), c.admin, "eve@example.com", v1.PersonInput{}); err != nil {
		t.Fatal(err)
	}
	if person, err := c.signInAs(account("eve", nil)); err == nil {
		t.Errorf("signed in as %s", person.Name)
	}
}

func TestAccountsMakePeople(t *testing.T) {
	c := provided(t, ProviderRules{Create: true, Traits: map[string]string{"groups": "groups"}})
	claims := map[string][]string{"groups": {"a", "b"}, "email_verified": {"true"}}
	person, err := c.signInAs(account("zoe", claims))
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Person{
		Name: "zoe@corp", DisplayName: "The zoe", Email: "zoe@example.com", Kind: v1.KindHuman, Roles: []string{}, Created: opening,
		Traits: map[string][]string{"groups": {"a", "b"}},
	}
	if diff := cmp.Diff(want, person); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	again, err := c.signInAs(account("zoe", map[string][]string{"preferred_username": {"renamed"}}))
	if err != nil || again.Name != "zoe@corp" || again.Traits["groups"] != nil {
		t.Errorf("then %+v, %v", again, err)
	}
	for name, claims := range map[string]map[string][]string{
		"a name that is taken": {"preferred_username": {"alice"}},
		"an address as name":   {"preferred_username": {"alice@example.com"}},
		"no name":              {"preferred_username": nil},
		"a name that is none":  {"preferred_username": {"two words"}},
	} {
		if person, err := c.signInAs(account("eve", claims)); core.CodeOf(err) != v1.CodeUnauthenticated {
			t.Errorf("%s: %q, %v", name, person.Name, err)
		}
	}
	// An address that somebody has, or that is not verified, is not taken along.
	for subject, claims := range map[string]map[string][]string{
		"carla": {"email": {"ivan@example.com"}, "email_verified": {"true"}}, "dora": nil,
	} {
		if person, err := c.signInAs(account(subject, claims)); err != nil || person.Email != "" {
			t.Errorf("%s has %q, %v", subject, person.Email, err)
		}
	}
}

func TestClaimsBringRolesAndTakeThemAway(t *testing.T) {
	c := provided(t, ProviderRules{MatchEmail: MatchAlways, Roles: []v1.ClaimMapping{
		{Claim: "groups", Value: "db-*", Roles: []string{"reviewer", "missing"}},
		{Claim: "groups", Value: "db-owners", Roles: []string{"dba"}},
	}})
	for _, step := range []struct {
		groups []string
		want   []string
	}{
		{[]string{"db-readers"}, []string{"contractor", "reviewer"}},
		{[]string{"db-owners", "others"}, []string{"contractor", "dba", "reviewer"}},
		{[]string{"others"}, []string{"contractor"}},
		{nil, []string{"contractor"}},
	} {
		person, err := c.signInAs(account("alice", map[string][]string{"groups": step.groups}))
		if err != nil || !slices.Equal(person.Roles, step.want) {
			t.Errorf("groups %v bring %v, %v; want %v", step.groups, person.Roles, err, step.want)
		}
	}
}

func TestDisabledPeopleStayOut(t *testing.T) {
	c := provided(t, ProviderRules{MatchEmail: MatchAlways})
	if _, err := c.signInAs(account("alice", nil)); err != nil {
		t.Fatal(err)
	}
	disabled := true
	if _, err := c.SavePerson(t.Context(), c.admin, "alice", v1.PersonInput{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.signInAs(account("alice", nil)); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("through the provider: %v", err)
	}
	if _, err := c.SignInProgram(t.Context(), "alice", ""); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("as a program: %v", err)
	}
	err := c.Store.Update(t.Context(), func(tx core.Tx) error {
		return tx.InsertPasskey(core.PasskeyRecord{ID: "p", Person: "alice", Created: opening, Credential: []byte("{}")})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SignInPasskey(t.Context(), signin.Passkey{ID: "p", Credential: []byte("{}")}, ""); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("with a passkey: %v", err)
	}
}

func TestTeamsAccountsAreConnected(t *testing.T) {
	claims := map[string][]string{"tid": {"tenant-1"}, "oid": {"object-1"}}
	identity := v1.Identity{Plugin: "teams", Tenant: "tenant-1", User: "object-1"}
	c := provided(t, ProviderRules{MatchEmail: MatchAlways, TeamsLinks: true})
	for range 2 {
		if _, err := c.signInAs(account("alice", claims)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.signInAs(account("ivan", claims)); err != nil {
		t.Errorf("somebody with an account that is connected to another: %v", err)
	}
	links, err := c.Links(t.Context(), c.admin, "")
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string]string{}
	for _, link := range links {
		if link.Identity == identity {
			owners[link.Person] = link.CreatedBy
		}
	}
	if diff := cmp.Diff(map[string]string{"alice": "alice"}, owners); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	other := provided(t, ProviderRules{MatchEmail: MatchAlways})
	if _, err := other.signInAs(account("alice", claims)); err != nil {
		t.Fatal(err)
	}
	err = other.Store.View(t.Context(), func(reader core.Reader) error { _, err := reader.Link(identity); return err })
	if !errors.Is(err, core.ErrNotFound) {
		t.Errorf("without the rule: %v", err)
	}
}

func TestConnectingAnAccount(t *testing.T) {
	c := provided(t, ProviderRules{})
	if err := c.ConnectAccount(t.Context(), c.as("alice"), account("x", nil)); err != nil {
		t.Fatal(err)
	}
	if person, err := c.signInAs(account("x", nil)); err != nil || person.Name != "alice" {
		t.Errorf("%q, %v", person.Name, err)
	}
	if err := c.ConnectAccount(t.Context(), c.as("ivan"), account("x", nil)); core.CodeOf(err) != v1.CodeConflict {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := c.AddPlugin(t.Context(), c.admin, v1.PluginInput{Name: v1.SignInProvider}); core.CodeOf(err) != v1.CodeInvalid {
		t.Errorf("a plugin could call itself %s: %v", v1.SignInProvider, err)
	}
}

func TestPasswordsCanBeOff(t *testing.T) {
	c := open(t)
	c.NoPasswords = true
	if _, err := c.SignIn(t.Context(), v1.SignInInput{Name: "alice", Password: "whatever it is"}); core.CodeOf(err) != v1.CodeForbidden {
		t.Errorf("error %v", err)
	}
}

func TestPasskeysBelongToOnePerson(t *testing.T) {
	c := open(t)
	alice, ivan := c.as("alice"), c.as("ivan")
	if err := c.AddPasskey(t.Context(), alice, " laptop ", signin.Passkey{ID: "p", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"", " ", "two\nlines", strings.Repeat("x", 101)} {
		if err := c.AddPasskey(t.Context(), alice, title, signin.Passkey{ID: "q"}); core.CodeOf(err) != v1.CodeInvalid {
			t.Errorf("title %q: %v", title, err)
		}
	}
	if err := c.AddPasskey(t.Context(), ivan, "mine", signin.Passkey{ID: "p", Credential: []byte("{}")}); core.CodeOf(err) != v1.CodeConflict {
		t.Errorf("a second time: %v", err)
	}
	if err := c.RemovePasskey(t.Context(), ivan, "p"); core.CodeOf(err) != v1.CodeNotFound {
		t.Errorf("removing somebody else's: %v", err)
	}
	if owner, err := c.OwnerOfPasskey(t.Context(), "p"); err != nil || owner.Name != "alice" || len(owner.Credentials) != 1 {
		t.Errorf("owner %+v, %v", owner, err)
	}
	if err := c.RemovePasskey(t.Context(), alice, "p"); err != nil {
		t.Error(err)
	}
	if _, err := c.OwnerOfPasskey(t.Context(), "p"); core.CodeOf(err) != v1.CodeUnauthenticated {
		t.Errorf("then %v", err)
	}
	for i := range maxPasskeys + 1 {
		err := c.AddPasskey(t.Context(), alice, "one", signin.Passkey{ID: strings.Repeat("i", i+1), Credential: []byte("{}")})
		if (i == maxPasskeys) != (core.CodeOf(err) == v1.CodeInvalid) {
			t.Errorf("passkey %d: %v", i, err)
		}
	}
}

func TestEndingOtherSessions(t *testing.T) {
	c := open(t)
	var secrets []string
	for range 3 {
		session, err := c.SignInProgram(t.Context(), "alice", "laptop")
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, session.Secret)
	}
	bobs, err := c.SignInProgram(t.Context(), "bob", "")
	if err != nil {
		t.Fatal(err)
	}
	here, err := c.Authenticate(t.Context(), secrets[1], v1.ViaCLI)
	if err != nil {
		t.Fatal(err)
	}
	if ended, err := c.EndOtherSessions(t.Context(), here); err != nil || ended != 2 {
		t.Errorf("%d ended, %v", ended, err)
	}
	for i, secret := range append(secrets, bobs.Secret) {
		if _, err := c.Authenticate(t.Context(), secret, v1.ViaCLI); (err == nil) != (i == 1 || i == 3) {
			t.Errorf("session %d: %v", i, err)
		}
	}
}

func TestAdministratorsRevokeAnybodysToken(t *testing.T) {
	c := open(t)
	session, err := c.SignInProgram(t.Context(), "alice", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.RevokeToken(t.Context(), c.as("bob"), session.ID); core.CodeOf(err) != v1.CodeNotFound {
		t.Errorf("somebody else: %v", err)
	}
	if err := c.RevokeToken(t.Context(), c.admin, session.ID); err != nil {
		t.Errorf("an administrator: %v", err)
	}
}
