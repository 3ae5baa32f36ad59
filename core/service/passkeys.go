package service

import (
	"context"
	"errors"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/signin"
)

// maxPasskeys bounds how many passkeys a person has.
const maxPasskeys = 20

// Passkeys lists the actor's passkeys.
func (s *Service) Passkeys(ctx context.Context, actor core.Actor) (passkeys []core.PasskeyRecord, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		passkeys, err = reader.Passkeys(actor.Person.Name)
		return err
	})
	return passkeys, storeError(err)
}

// AddPasskey gives the actor a passkey that has just been proven.
func (s *Service) AddPasskey(ctx context.Context, actor core.Actor, title string, passkey signin.Passkey) error {
	title = strings.TrimSpace(title)
	if title == "" || len(title) > 100 || strings.ContainsAny(title, "\r\n\x00") {
		return core.Refuse(v1.CodeInvalid, "A passkey needs a name of at most 100 bytes by which you tell it from others.")
	}
	record := core.PasskeyRecord{
		ID: passkey.ID, Person: actor.Person.Name, Title: title, Created: s.Now(), Credential: passkey.Credential,
	}
	return storeError(s.Store.Update(ctx, func(tx core.Tx) error {
		known, err := tx.Passkeys(actor.Person.Name)
		if err != nil {
			return err
		}
		if len(known) >= maxPasskeys {
			return core.Refuse(v1.CodeInvalid, "You have %d passkeys already; remove one that you do not use.", maxPasskeys)
		}
		err = tx.InsertPasskey(record)
		if errors.Is(err, core.ErrConflict) {
			return core.Refuse(v1.CodeConflict, "This passkey is known already.")
		}
		if err != nil {
			return err
		}
		return audit(tx, by(actor, "passkey.add", passkeyDetail(record)), record.Created)
	}))
}

func passkeyDetail(passkey core.PasskeyRecord) map[string]string {
	return map[string]string{"id": passkey.ID, "title": passkey.Title, "person": passkey.Person}
}

// RemovePasskey takes one of the actor's own passkeys away.
func (s *Service) RemovePasskey(ctx context.Context, actor core.Actor, id string) error {
	return storeError(s.Store.Update(ctx, func(tx core.Tx) error {
		passkey, err := tx.Passkey(id)
		if err == nil && passkey.Person != actor.Person.Name {
			err = core.ErrNotFound
		}
		if err != nil {
			return missing(err, "passkey", cut(id))
		}
		if err := tx.DeletePasskey(id); err != nil {
			return err
		}
		return audit(tx, by(actor, "passkey.remove", passkeyDetail(passkey)), s.Now())
	}))
}

// OwnerOfPasskey returns who has a passkey, with all their passkeys, for the check whether it is really theirs.
func (s *Service) OwnerOfPasskey(ctx context.Context, id string) (owner signin.Owner, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		passkey, err := reader.Passkey(id)
		if err != nil {
			return err
		}
		person, err := reader.Person(passkey.Person)
		if err != nil {
			return err
		}
		owner, err = ownerOfPasskeys(reader, person.Person)
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return signin.Owner{}, core.Refuse(v1.CodeUnauthenticated, "That passkey belongs to nobody here. Sign in another way.")
	}
	return owner, storeError(err)
}

// PasskeyOwner is the actor as an owner of passkeys.
func (s *Service) PasskeyOwner(ctx context.Context, actor core.Actor) (owner signin.Owner, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		owner, err = ownerOfPasskeys(reader, actor.Person)
		return err
	})
	return owner, storeError(err)
}

func ownerOfPasskeys(reader core.Reader, person v1.Person) (signin.Owner, error) {
	owner := signin.Owner{Name: person.Name, Shown: person.Ref().Shown()}
	passkeys, err := reader.Passkeys(person.Name)
	for _, passkey := range passkeys {
		owner.Credentials = append(owner.Credentials, passkey.Credential)
	}
	return owner, err
}

// SignInPasskey starts a session of a browser for the owner of a passkey that has just been proven.
func (s *Service) SignInPasskey(ctx context.Context, passkey signin.Passkey, device string) (v1.SecretToken, error) {
	var person core.PersonRecord
	err := s.Store.Update(ctx, func(tx core.Tx) error {
		record, err := tx.Passkey(passkey.ID)
		if err != nil {
			return missing(err, "passkey", passkey.ID)
		}
		if person, err = tx.Person(record.Person); err != nil {
			return err
		}
		if person.Disabled {
			return errDisabled()
		}
		return tx.UsePasskey(passkey.ID, passkey.Credential, s.Now())
	})
	if err != nil {
		what := audited{action: "session.create", via: v1.ViaWeb, detail: map[string]string{"passkey": passkey.ID}}
		return v1.SecretToken{}, s.refused(ctx, what, storeError(err))
	}
	session := v1.Token{Person: person.Name, Title: "sign-in with passkey", Browser: true, Device: cut(device)}
	return s.newSession(ctx, core.Actor{Person: person.Person, Via: v1.ViaWeb}, session)
}
