package service

import (
	"context"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// SignInBrowser checks a name and a password and starts a session of a browser. Device is what the browser says it is.
func (s *Service) SignInBrowser(ctx context.Context, input v1.SignInInput, device string) (v1.SecretToken, error) {
	session := v1.Token{Title: "sign-in with password", Browser: true, Device: cut(device)}
	return s.signIn(ctx, input, core.Actor{Via: v1.ViaWeb}, session)
}

// Counted tells a reviewer in one sentence what their review brought about.
func (s *Service) Counted(request v1.Request, verdict v1.Verdict) string {
	return countedSentence(request, verdict)
}

// SignInProgram starts a session of a program for a person who has agreed to it in a browser.
func (s *Service) SignInProgram(ctx context.Context, name, device string) (v1.SecretToken, error) {
	var person core.PersonRecord
	err := s.Store.View(ctx, func(reader core.Reader) (err error) {
		person, err = reader.Person(name)
		return err
	})
	if err == nil && person.Disabled {
		err = errDisabled()
	}
	if err != nil {
		return v1.SecretToken{}, storeError(err)
	}
	session := v1.Token{Person: person.Name, Title: "sign-in by browser", Device: cut(device)}
	return s.newSession(ctx, core.Actor{Person: person.Person, Via: v1.ViaWeb}, session)
}

// EndOtherSessions revokes every session and token of the actor but the one they came with, and returns how many.
func (s *Service) EndOtherSessions(ctx context.Context, actor core.Actor) (ended int, err error) {
	err = s.Store.Update(ctx, func(tx core.Tx) error {
		ended = 0
		tokens, err := tx.Tokens(actor.Person.Name)
		if err != nil {
			return err
		}
		for _, token := range tokens {
			if token.ID == actor.Token.ID {
				continue
			}
			if err := s.revoke(tx, actor, token.ID); err != nil {
				return err
			}
			ended++
		}
		return nil
	})
	return ended, storeError(err)
}
