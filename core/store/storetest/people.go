package storetest

import (
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func person(name, email string) core.PersonRecord {
	return core.PersonRecord{Person: v1.Person{
		Name: name, DisplayName: name + "!", Email: email, Kind: v1.KindHuman, Roles: []string{"contractor"},
		Traits: map[string][]string{"team": {"a", "b"}}, Created: start(),
	}, PasswordHash: "$argon2id$" + name}
}

func findsPeople(t *testing.T, store core.Store) {
	find := func(name string) func(core.Reader) (core.PersonRecord, error) {
		return func(r core.Reader) (core.PersonRecord, error) { return r.Person(name) }
	}
	fails(t, store, core.ErrNotFound, find("alice"))
	fails(t, store, core.ErrNotFound, find(""))
	alice, robot, other := person("alice", "Alice@Example.com"), person("robot", ""), person("other", "")
	for _, one := range []core.PersonRecord{robot, alice, other} {
		update(t, store, func(tx core.Tx) error { return tx.SavePerson(one) })
	}
	for _, name := range []string{"alice", "alice@example.com", "ALICE@EXAMPLE.COM"} {
		same(t, "the person called "+name, get(t, store, find(name)), alice)
	}
	fails(t, store, core.ErrNotFound, find("ALICE"))
	fails(t, store, core.ErrNotFound, find(""))
	alice.Roles, alice.PasswordHash, alice.Email = []string{"dba"}, "", "a@example.com"
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(alice) })
	same(t, "the changed person", get(t, store, find("a@example.com")), alice)
	fails(t, store, core.ErrNotFound, find("alice@example.com"))
	same(t, "all people", get(t, store, core.Reader.People), []v1.Person{alice.Person, other.Person, robot.Person})
}

func refusesSharedAddress(t *testing.T, store core.Store) {
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("ivan", "ivan@example.com")) })
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.SavePerson(person("bob", "IVAN@example.com")) })
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("bob", "bob@example.com")) })
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error { return tx.SavePerson(person("bob", "Ivan@Example.Com")) })
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("ivan", "IVAN@EXAMPLE.COM")) })
}

func raisesPolicyVersion(t *testing.T, store core.Store) {
	version := func() int64 { return get(t, store, core.Reader.PolicyVersion) }
	before := version()
	role := v1.Role{Kind: v1.RoleKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: "dba"}}
	role.Spec.Allow.Request = &v1.RequestConditions{Roles: []string{"db-*"}, MaxDuration: v1.Duration(time.Hour)}
	update(t, store, func(tx core.Tx) error { return tx.SaveRole(role) })
	saved := version()
	find := func(r core.Reader) (v1.Role, error) { return r.Role("dba") }
	same(t, "the role", get(t, store, find), role)
	same(t, "all roles", get(t, store, core.Reader.Roles), []v1.Role{role})
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.DeleteRole("nope") })
	same(t, "the version after a refused change", version(), saved)
	update(t, store, func(tx core.Tx) error { return tx.DeleteRole("dba") })
	fails(t, store, core.ErrNotFound, find)
	if before >= saved || saved >= version() {
		t.Errorf("versions %d, %d, %d do not rise", before, saved, version())
	}
}

func keepsTokens(t *testing.T, store core.Store) {
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("alice", "")) })
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("bob", "")) })
	first := v1.Token{ID: newID(t), Person: "alice", Title: "cli", Created: start(), Expires: start().Add(time.Hour)}
	second := v1.Token{ID: newID(t), Person: "alice", Title: "", Created: start(), Browser: true, Device: "a browser"}
	third := v1.Token{ID: newID(t), Person: "bob", Created: start()}
	update(t, store, func(tx core.Tx) error { return tx.InsertToken(first, "hash-1") })
	update(t, store, func(tx core.Tx) error { return tx.InsertToken(second, "hash-2") })
	update(t, store, func(tx core.Tx) error { return tx.InsertToken(third, "hash-4") })
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error {
		return tx.InsertToken(v1.Token{ID: newID(t), Person: "alice", Created: start()}, "hash-1")
	})
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error {
		return tx.InsertToken(v1.Token{ID: newID(t), Person: "nobody", Created: start()}, "hash-3")
	})
	byHash := func(r core.Reader) (v1.Token, error) { return r.TokenByHash("hash-1") }
	same(t, "the token", get(t, store, byHash), first)
	first.LastUsed = start().Add(time.Minute)
	update(t, store, func(tx core.Tx) error { return tx.TouchToken(first.ID, first.LastUsed) })
	tokens := func(r core.Reader) ([]v1.Token, error) { return r.Tokens("alice") }
	same(t, "a person's tokens", get(t, store, tokens), []v1.Token{first, second})
	everybodys := func(r core.Reader) ([]v1.Token, error) { return r.Tokens("") }
	same(t, "all tokens", get(t, store, everybodys), []v1.Token{first, second, third})
	update(t, store, func(tx core.Tx) error { return tx.DeleteToken(first.ID) })
	fails(t, store, core.ErrNotFound, byHash)
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.DeleteToken(first.ID) })
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.TouchToken(first.ID, start()) })
}

func keepsLinks(t *testing.T, store core.Store) {
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("ivan", "")) })
	update(t, store, func(tx core.Tx) error { return tx.SavePerson(person("bob", "")) })
	identity := v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0IVAN"}
	link := v1.Link{Identity: identity, Person: "ivan", Created: start(), CreatedBy: "ivan"}
	other := v1.Link{Identity: v1.Identity{Plugin: "slack", Tenant: "T0ACCEDE", User: "U0BOB"}, Person: "bob", Created: start()}
	update(t, store, func(tx core.Tx) error { return tx.InsertLink(link) })
	update(t, store, func(tx core.Tx) error { return tx.InsertLink(other) })
	refuses(t, store, core.ErrConflict, func(tx core.Tx) error {
		return tx.InsertLink(v1.Link{Identity: identity, Person: "bob", Created: start()})
	})
	find := func(r core.Reader) (v1.Link, error) { return r.Link(identity) }
	same(t, "the link", get(t, store, find), link)
	same(t, "a person's links", get(t, store, func(r core.Reader) ([]v1.Link, error) { return r.Links("ivan") }), []v1.Link{link})
	same(t, "all links", get(t, store, func(r core.Reader) ([]v1.Link, error) { return r.Links("") }), []v1.Link{other, link})
	update(t, store, func(tx core.Tx) error { return tx.DeleteLink(identity) })
	fails(t, store, core.ErrNotFound, find)
	refuses(t, store, core.ErrNotFound, func(tx core.Tx) error { return tx.DeleteLink(identity) })

	code := core.LinkCode{Hash: "h", Identity: identity, UserName: "Ivan", Expires: start().Add(time.Minute)}
	findCode := func(r core.Reader) (core.LinkCode, error) { return r.LinkCode("h") }
	fails(t, store, core.ErrNotFound, findCode)
	update(t, store, func(tx core.Tx) error { return tx.SaveLinkCode(code) })
	same(t, "the link code", get(t, store, findCode), code)
	update(t, store, func(tx core.Tx) error { return tx.DeleteLinkCode("h") })
	fails(t, store, core.ErrNotFound, findCode)
}
