package service

import (
	"context"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// HasPassword says whether the actor has a password that they could change.
func (s *Service) HasPassword(ctx context.Context, actor core.Actor) (has bool, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		record, err := reader.Person(actor.Person.Name)
		has = record.PasswordHash != "" && !s.NoPasswords
		return err
	})
	return has, storeError(err)
}

// ChangePassword gives the actor another password, if they know the present one, and ends their other sessions in browsers.
// Whoever has no password gets none here: they sign in another way, which decides whether they still may.
func (s *Service) ChangePassword(ctx context.Context, actor core.Actor, present, next string) error {
	known, err := s.provePassword(ctx, actor, present)
	if err != nil {
		return s.refused(ctx, by(actor, "person.change", nil), err)
	}
	hash, err := s.passwordHash(&next)
	if err != nil {
		return err
	}
	return storeError(s.Store.Update(ctx, func(tx core.Tx) error {
		record, err := tx.Person(actor.Person.Name)
		if err != nil {
			return err
		}
		if record.PasswordHash != known {
			return core.Refuse(v1.CodeConflict, "Your password was changed elsewhere just now, so nothing was done here.")
		}
		_, err = s.savePerson(tx, actor, actor.Person.Name, v1.PersonInput{}, hash)
		return err
	}))
}

func errNoPassword() error {
	return core.Refuse(v1.CodeForbidden, "You have no password here to change. Sign in the way you did, or ask an administrator.")
}

// provePassword returns the hash of the actor's password if the given one is it.
func (s *Service) provePassword(ctx context.Context, actor core.Actor, present string) (hash string, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		record, err := reader.Person(actor.Person.Name)
		hash = record.PasswordHash
		return err
	})
	if err != nil {
		return "", storeError(err)
	}
	if hash == "" || s.NoPasswords {
		return "", errNoPassword()
	}
	ok, err := checkPassword(hash, present)
	if err != nil {
		return "", storeError(fmt.Errorf("checking password of %s: %w", actor.Person.Name, err))
	}
	if !ok {
		return "", core.Refuse(v1.CodeInvalid, "That is not your present password, so nothing was changed.")
	}
	return hash, nil
}

// endOtherBrowsers ends a person's sessions in browsers, but for the one that the actor came with.
func (s *Service) endOtherBrowsers(tx core.Tx, actor core.Actor, name string) error {
	tokens, err := tx.Tokens(name)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		if !token.Browser || token.ID == actor.Token.ID {
			continue
		}
		if err := s.revoke(tx, actor, token.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) revoke(tx core.Tx, actor core.Actor, id string) error {
	if err := tx.DeleteToken(id); err != nil {
		return err
	}
	return audit(tx, by(actor, "token.revoke", map[string]string{"token": id}), s.Now())
}
