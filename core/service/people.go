package service

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
)

const (
	minPasswordBytes = 10
	maxPasswordBytes = 1024
)

// People lists everybody, for administrators.
func (s *Service) People(ctx context.Context, actor core.Actor) (people []v1.Person, err error) {
	if err := s.requireAdmin(ctx, actor, "person.list"); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		people, err = reader.People()
		return err
	})
	return people, storeError(err)
}

// Person returns somebody by name or e-mail address: oneself, or anybody for administrators.
func (s *Service) Person(ctx context.Context, actor core.Actor, name string) (person v1.Person, err error) {
	if err := s.selfOrAdmin(ctx, actor, name, "person.read"); err != nil {
		return v1.Person{}, err
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		record, err := reader.Person(name)
		person = record.Person
		return missing(err, "person", name)
	})
	return person, storeError(err)
}

// SavePerson creates or changes a person, for administrators. Everybody who has a password may change it. A new password ends
// the person's sessions in browsers, but for the one that it comes from.
func (s *Service) SavePerson(ctx context.Context, actor core.Actor, name string, input v1.PersonInput) (person v1.Person, err error) {
	if err := s.maySavePerson(ctx, actor, name, input); err != nil {
		return v1.Person{}, err
	}
	hash, err := s.passwordHash(input.Password)
	if err != nil {
		return v1.Person{}, err
	}
	err = s.Store.Update(ctx, func(tx core.Tx) error {
		person, err = s.savePerson(tx, actor, name, input, hash)
		return err
	})
	return person, storeError(err)
}

func (s *Service) maySavePerson(ctx context.Context, actor core.Actor, name string, input v1.PersonInput) error {
	if actor.Person.Admin || !onlyOwnPassword(actor, name, input) {
		return s.requireAdmin(ctx, actor, "person.change")
	}
	has, err := s.HasPassword(ctx, actor)
	if err != nil || has {
		return err
	}
	return s.refused(ctx, by(actor, "person.change", nil), errNoPassword())
}

func onlyOwnPassword(actor core.Actor, name string, input v1.PersonInput) bool {
	return name == actor.Person.Name && input == v1.PersonInput{Password: input.Password}
}

// passwordHash hashes before the transaction begins, because it takes long on purpose.
func (s *Service) passwordHash(password *string) (string, error) {
	if password == nil {
		return "", nil
	}
	if n := len(*password); n < minPasswordBytes || n > maxPasswordBytes {
		return "", core.Refuse(v1.CodeInvalid, "A password has %d to %d bytes.", minPasswordBytes, maxPasswordBytes)
	}
	return hashPassword(*password)
}

func (s *Service) savePerson(tx core.Tx, actor core.Actor, name string, input v1.PersonInput, hash string) (v1.Person, error) {
	now := s.Now()
	record, err := tx.Person(name)
	action := "person.change"
	if errors.Is(err, core.ErrNotFound) {
		action = "person.create"
		record = core.PersonRecord{Person: v1.Person{Name: name, Kind: v1.KindHuman, Created: now, Roles: []string{}}}
	} else if err != nil {
		return v1.Person{}, err
	}
	detail := changeDetail{PasswordChanged: hash != ""}
	if action == "person.change" {
		detail.Before = record.Person
	}
	patch(&record.Person, input)
	if hash != "" {
		record.PasswordHash = hash
	}
	if err := writePerson(tx, record); err != nil {
		return v1.Person{}, err
	}
	if detail.PasswordChanged {
		if err := s.endOtherBrowsers(tx, actor, name); err != nil {
			return v1.Person{}, err
		}
	}
	detail.After = record.Person
	return record.Person, audit(tx, by(actor, action, detail), now)
}

func patch(person *v1.Person, input v1.PersonInput) {
	set(&person.DisplayName, input.DisplayName)
	set(&person.Email, input.Email)
	set(&person.Kind, input.Kind)
	set(&person.Roles, input.Roles)
	set(&person.Traits, input.Traits)
	set(&person.Admin, input.Admin)
	set(&person.Disabled, input.Disabled)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// writePerson checks a person and saves them.
func writePerson(tx core.Tx, record core.PersonRecord) error {
	if faults, err := personFaults(tx, record.Person); err != nil {
		return err
	} else if len(faults) > 0 {
		refusal := core.Refuse(v1.CodeInvalid, "Person %q cannot be saved: %s %s", record.Name, faults[0].Location, faults[0].Message)
		refusal.Faults = faults
		return refusal
	}
	err := tx.SavePerson(record)
	if errors.Is(err, core.ErrConflict) {
		return core.Refuse(v1.CodeConflict, "Somebody else has the e-mail address %s already.", record.Email)
	}
	return err
}

func personFaults(reader core.Reader, person v1.Person) ([]v1.Fault, error) {
	var faults []v1.Fault
	fault := func(location, message string) {
		faults = append(faults, v1.Fault{Location: location, Message: message})
	}
	if !policy.ValidName(person.Name) {
		fault("name", "can have letters, digits and . _ @ : + -, at most 128.")
	}
	if address, err := mail.ParseAddress(person.Email); person.Email != "" && (err != nil || address.Address != person.Email) {
		fault("email", "is not an e-mail address.")
	}
	if len(person.DisplayName) > 200 || strings.ContainsAny(person.DisplayName, "\n\r\x00") {
		fault("display_name", "can have at most 200 bytes in one line.")
	}
	if person.Kind != v1.KindHuman && person.Kind != v1.KindService {
		fault("kind", `is "human" or "service".`)
	}
	for i, role := range person.Roles {
		_, err := reader.Role(role)
		if errors.Is(err, core.ErrNotFound) {
			fault(fmt.Sprintf("roles[%d]", i), "names "+role+", which does not exist; apply the role first.")
		} else if err != nil {
			return nil, err
		}
	}
	return faults, nil
}

// Bootstrap makes the first administrator, with a token that never leaves the caller but in the returned secret. It
// says false if there is an administrator already. A core without any role is given the presets.
func (s *Service) Bootstrap(ctx context.Context) (secret v1.SecretToken, created bool, err error) {
	var people []v1.Person
	err = s.Store.View(ctx, func(reader core.Reader) error {
		people, err = reader.People()
		return err
	})
	if err != nil {
		return v1.SecretToken{}, false, storeError(err)
	}
	if slices.ContainsFunc(people, func(p v1.Person) bool { return p.Admin }) {
		return v1.SecretToken{}, false, nil
	}
	if err := s.applyPresets(ctx, core.Actor{Person: v1.Person{Name: "accede", Admin: true}}); err != nil {
		return v1.SecretToken{}, false, err
	}
	secret, err = s.Recover(ctx)
	return secret, err == nil, err
}

// Recover makes the administrator "admin", or makes the person of that name one again, and returns a new token for
// them.
func (s *Service) Recover(ctx context.Context) (v1.SecretToken, error) {
	system := core.Actor{Person: v1.Person{Name: "accede", Admin: true}}
	admin, disabled := true, false
	if _, err := s.SavePerson(ctx, system, "admin", v1.PersonInput{Admin: &admin, Disabled: &disabled}); err != nil {
		return v1.SecretToken{}, err
	}
	return s.newToken(ctx, system, v1.Token{Person: "admin", Title: "administrator's credential"}, bootstrapTTL)
}

// bootstrapTTL is how long a token made by [Service.Recover] lives.
const bootstrapTTL = 90 * 24 * time.Hour
