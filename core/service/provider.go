package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
	"github.com/accede/accede/core/signin"
)

// EmailMatch says when an account at the provider belongs to the person with its e-mail address.
type EmailMatch string

// When addresses are believed.
const (
	MatchNever    EmailMatch = "never"
	MatchVerified EmailMatch = "verified"
	MatchAlways   EmailMatch = "always"
)

// ProviderRules says what to make of accounts at the OpenID provider.
type ProviderRules struct {
	// Create makes a person of an account that belongs to nobody; its name is in the claim NameClaim.
	Create     bool
	NameClaim  string
	MatchEmail EmailMatch
	// Traits says from which claim each trait is taken. A trait that is named here is the provider's alone.
	Traits map[string]string
	// Roles says which claims bring which roles. A role that is named here is the provider's alone.
	Roles []v1.ClaimMapping
	// TeamsLinks connects the account of the same person in Microsoft Teams, which the claims tid and oid name.
	TeamsLinks bool
}

const teamsPlugin = "teams"

// SignInAccount starts a session of a browser for the person behind an account at the OpenID provider.
func (s *Service) SignInAccount(ctx context.Context, account signin.Account, device string) (v1.SecretToken, error) {
	var person v1.Person
	err := s.Store.Update(ctx, func(tx core.Tx) (err error) {
		person, err = s.personOf(tx, account)
		return err
	})
	if err != nil {
		what := audited{action: "session.create", via: v1.ViaWeb, detail: accountDetail(account)}
		return v1.SecretToken{}, s.refused(ctx, what, storeError(err))
	}
	session := v1.Token{Person: person.Name, Title: "sign-in with company account", Browser: true, Device: cut(device)}
	return s.newSession(ctx, core.Actor{Person: person, Via: v1.ViaWeb}, session)
}

func accountDetail(account signin.Account) map[string]string {
	return map[string]string{"issuer": cut(account.Issuer), "subject": cut(account.Subject)}
}

func identityOf(account signin.Account) v1.Identity {
	return v1.Identity{Plugin: v1.SignInProvider, Tenant: account.Issuer, User: account.Subject}
}

// personOf finds or makes the person behind an account, and brings them up to date.
func (s *Service) personOf(tx core.Tx, account signin.Account) (v1.Person, error) {
	record, err := s.ownerOf(tx, account)
	if err != nil {
		return v1.Person{}, err
	}
	if record.Disabled {
		return v1.Person{}, errDisabled()
	}
	now := s.Now()
	before := record.Person
	if err := s.bringUpToDate(tx, &record.Person, account); err != nil {
		return v1.Person{}, err
	}
	actor := core.Actor{Person: record.Person, Via: v1.ViaWeb}
	if !samePerson(before, record.Person) {
		if err := writePerson(tx, record); err != nil {
			return v1.Person{}, err
		}
		if err := audit(tx, by(actor, "person.change", changeDetail{Before: before, After: record.Person}), now); err != nil {
			return v1.Person{}, err
		}
	}
	return record.Person, s.linkTeams(tx, actor, account, now)
}

func errDisabled() error {
	return core.Refuse(v1.CodeUnauthenticated, "Your account is disabled; ask an administrator.")
}

func samePerson(a, b v1.Person) bool {
	return slices.Equal(a.Roles, b.Roles) && maps.EqualFunc(a.Traits, b.Traits, slices.Equal)
}

// ownerOf is the person to whom the account is connected, or else the one whose address it has, or else a new one.
func (s *Service) ownerOf(tx core.Tx, account signin.Account) (core.PersonRecord, error) {
	link, err := tx.Link(identityOf(account))
	if err == nil {
		return tx.Person(link.Person)
	}
	if !errors.Is(err, core.ErrNotFound) {
		return core.PersonRecord{}, err
	}
	record, err := s.byAddress(tx, account)
	if errors.Is(err, core.ErrNotFound) {
		record, err = s.fromAccount(tx, account)
	}
	if err != nil {
		return core.PersonRecord{}, err
	}
	link = v1.Link{Identity: identityOf(account), Person: record.Name, Created: s.Now(), CreatedBy: record.Name}
	return record, s.insertLink(tx, core.Actor{Person: record.Person, Via: v1.ViaWeb}, link)
}

// byAddress finds the person with the account's e-mail address, if addresses are believed.
func (s *Service) byAddress(tx core.Tx, account signin.Account) (core.PersonRecord, error) {
	address := first(account.Claims["email"])
	verified := first(account.Claims["email_verified"]) == "true"
	believed := s.Provider.MatchEmail == MatchAlways || s.Provider.MatchEmail == MatchVerified && verified
	if !believed || !strings.Contains(address, "@") {
		return core.PersonRecord{}, core.ErrNotFound
	}
	record, err := tx.Person(address)
	if err == nil && !strings.EqualFold(record.Email, address) {
		return core.PersonRecord{}, core.ErrNotFound // a name that looks like an address is no address
	}
	return record, err
}

// fromAccount makes a person of an account that belongs to nobody. A name that is taken stays with whoever has it.
func (s *Service) fromAccount(tx core.Tx, account signin.Account) (core.PersonRecord, error) {
	if !s.Provider.Create {
		return core.PersonRecord{}, core.Refuse(v1.CodeUnauthenticated,
			"Your company account belongs to nobody here. Sign in another way and connect it on your account page, or ask an administrator.")
	}
	name := first(account.Claims[s.Provider.NameClaim])
	if !policy.ValidName(name) {
		return core.PersonRecord{}, core.Refuse(v1.CodeUnauthenticated,
			"Your company account has no name that could be used here; an administrator has to choose another claim for it.")
	}
	if _, err := tx.Person(name); !errors.Is(err, core.ErrNotFound) {
		if err != nil {
			return core.PersonRecord{}, err
		}
		return core.PersonRecord{}, core.Refuse(v1.CodeUnauthenticated,
			"There is somebody called %q here already. If that is you, sign in another way and connect your company account on "+
				"your account page; if not, ask an administrator.", name)
	}
	record := core.PersonRecord{Person: v1.Person{
		Name: name, DisplayName: displayName(account), Email: s.freeAddress(tx, account), Kind: v1.KindHuman,
		Created: s.Now(), Roles: []string{},
	}}
	if err := writePerson(tx, record); err != nil {
		return core.PersonRecord{}, err
	}
	actor := core.Actor{Person: record.Person, Via: v1.ViaWeb}
	return record, audit(tx, by(actor, "person.create", changeDetail{After: record.Person}), s.Now())
}

func displayName(account signin.Account) string {
	name := strings.Join(strings.Fields(first(account.Claims["name"])), " ")
	if len(name) > 200 {
		return ""
	}
	return name
}

// freeAddress is the account's verified address, unless somebody has it. Others see it, so it is not taken on trust.
func (s *Service) freeAddress(tx core.Tx, account signin.Account) string {
	address := first(account.Claims["email"])
	if s.Provider.MatchEmail != MatchAlways && first(account.Claims["email_verified"]) != "true" {
		return ""
	}
	if _, err := tx.Person(address); !errors.Is(err, core.ErrNotFound) {
		return ""
	}
	return address
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// bringUpToDate gives a person the traits and roles that the account's claims bring, and takes those away that they no
// longer do. What the rules do not name stays as it is.
func (s *Service) bringUpToDate(tx core.Tx, person *v1.Person, account signin.Account) error {
	traits := maps.Clone(person.Traits)
	for trait, claim := range s.Provider.Traits {
		delete(traits, trait)
		if values := account.Claims[claim]; len(values) > 0 {
			if traits == nil {
				traits = map[string][]string{}
			}
			traits[trait] = slices.Clone(values)
		}
	}
	person.Traits = traits
	granted, managed, err := s.rolesOf(account)
	if err != nil {
		return err
	}
	roles := slices.DeleteFunc(slices.Clone(person.Roles), func(role string) bool { return managed[role] })
	for _, role := range granted {
		if _, err := tx.Role(role); errors.Is(err, core.ErrNotFound) {
			s.Logger.Warn("sign_in.oidc.roles names a role that does not exist", slog.String("role", role))
			continue
		} else if err != nil {
			return err
		}
		roles = append(roles, role)
	}
	if roles = slices.Compact(slices.Sorted(slices.Values(roles))); !slices.Equal(roles, slices.Sorted(slices.Values(person.Roles))) {
		person.Roles = roles
	}
	return nil
}

// rolesOf are the roles that the claims bring, and all that they could bring.
func (s *Service) rolesOf(account signin.Account) (granted []string, managed map[string]bool, err error) {
	managed = map[string]bool{}
	for _, mapping := range s.Provider.Roles {
		matcher, err := policy.CompileMatcher(mapping.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the provider's rules: %w", err)
		}
		for _, role := range mapping.Roles {
			managed[role] = true
		}
		if slices.ContainsFunc(account.Claims[mapping.Claim], matcher.Match) {
			granted = append(granted, mapping.Roles...)
		}
	}
	return granted, managed, nil
}

// linkTeams connects the person's account in Microsoft Teams, unless it is connected already. Somebody else's stays theirs.
func (s *Service) linkTeams(tx core.Tx, actor core.Actor, account signin.Account, now time.Time) error {
	tenant, user := first(account.Claims["tid"]), first(account.Claims["oid"])
	identity := v1.Identity{Plugin: teamsPlugin, Tenant: tenant, User: user}
	if !s.Provider.TeamsLinks || tenant == "" || user == "" || identity.IsService() {
		return nil
	}
	existing, err := tx.Link(identity)
	if errors.Is(err, core.ErrNotFound) {
		return s.insertLink(tx, actor, v1.Link{Identity: identity, Person: actor.Person.Name, Created: now, CreatedBy: actor.Person.Name})
	}
	if err == nil && existing.Person != actor.Person.Name {
		s.Logger.Warn("an account in Teams is connected to somebody else than who signed in with it",
			slog.String("person", actor.Person.Name), slog.String("connected_to", existing.Person))
	}
	return err
}

// ConnectAccount connects an account at the OpenID provider to the actor, who is signed in at both.
func (s *Service) ConnectAccount(ctx context.Context, actor core.Actor, account signin.Account) error {
	link := v1.Link{Identity: identityOf(account), Person: actor.Person.Name, Created: s.Now(), CreatedBy: actor.Person.Name}
	err := s.Store.Update(ctx, func(tx core.Tx) error {
		if err := s.insertLink(tx, actor, link); err != nil {
			return err
		}
		return s.linkTeams(tx, actor, account, s.Now())
	})
	return s.refused(ctx, by(actor, "link.add", accountDetail(account)), storeError(err))
}
