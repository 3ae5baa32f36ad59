package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const (
	// tokenPrefix makes tokens easy to recognise for secret scanners.
	tokenPrefix = "accede_"
	// maxTokenTTL bounds the life of API tokens.
	maxTokenTTL = 366 * 24 * time.Hour
	// touchEvery is how often the last use of a token is written down.
	touchEvery = time.Minute
)

// SignIn checks a name and a password and starts a session of a program.
func (s *Service) SignIn(ctx context.Context, input v1.SignInInput) (v1.SecretToken, error) {
	return s.signIn(ctx, input, core.Actor{Via: v1.ViaAPI}, v1.Token{Title: "sign-in"})
}

func (s *Service) signIn(ctx context.Context, input v1.SignInInput, actor core.Actor, session v1.Token) (v1.SecretToken, error) {
	if s.NoPasswords {
		return v1.SecretToken{}, core.Refuse(v1.CodeForbidden, "Passwords are not taken here. Sign in with a browser; on the command line: `accede login --browser`.")
	}
	var person core.PersonRecord
	err := s.Store.View(ctx, func(reader core.Reader) error {
		var err error
		person, err = reader.Person(input.Name)
		return err
	})
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return v1.SecretToken{}, storeError(err)
	}
	if err := s.checkSignIn(person, input.Password); err != nil {
		what := audited{action: "session.create", via: actor.Via, detail: map[string]string{"name": cut(input.Name)}}
		return v1.SecretToken{}, s.refused(ctx, what, err)
	}
	actor.Person, session.Person = person.Person, person.Name
	return s.newSession(ctx, actor, session)
}

func (s *Service) checkSignIn(person core.PersonRecord, password string) error {
	hash := person.PasswordHash
	if hash == "" {
		hash = s.decoy
	}
	ok, err := checkPassword(hash, password)
	if err != nil {
		return storeError(fmt.Errorf("checking password of %s: %w", person.Name, err))
	}
	if !ok || person.PasswordHash == "" || person.Disabled {
		return core.Refuse(v1.CodeUnauthenticated, "Name or password is wrong, or the account is disabled.")
	}
	return nil
}

// Authenticate says whose token this is. The session of a browser is taken from browsers only, and nothing else is.
func (s *Service) Authenticate(ctx context.Context, secret, via string) (core.Actor, error) {
	var token v1.Token
	var person core.PersonRecord
	err := s.Store.View(ctx, func(reader core.Reader) error {
		var err error
		if token, err = reader.TokenByHash(hashToken(secret)); err != nil {
			return err
		}
		person, err = reader.Person(token.Person)
		return err
	})
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return core.Actor{}, storeError(err)
	}
	now := s.Now()
	if err != nil || token.Browser != (via == v1.ViaWeb) || person.Disabled || !token.Expires.IsZero() && now.After(token.Expires) {
		return core.Actor{}, core.Refuse(v1.CodeUnauthenticated,
			"Your sign-in is unknown, revoked or too old. Sign in again with `accede login`.")
	}
	if now.Sub(token.LastUsed) > touchEvery {
		s.touch(ctx, token.ID, now)
	}
	return core.Actor{Person: person.Person, Token: token, Via: via}, nil
}

// touch notes a token's use; that it could not is no reason to turn somebody away.
func (s *Service) touch(ctx context.Context, id string, now time.Time) {
	err := s.Store.Update(ctx, func(tx core.Tx) error { return tx.TouchToken(id, now) })
	if err != nil {
		s.Logger.WarnContext(ctx, "noting the use of a token", "err", err)
	}
}

// SignOut ends the session that the actor came with.
func (s *Service) SignOut(ctx context.Context, actor core.Actor) error {
	return s.RevokeToken(ctx, actor, actor.Token.ID)
}

// CreateToken makes an API token for the actor, or for somebody else if the actor is an administrator.
func (s *Service) CreateToken(ctx context.Context, actor core.Actor, input v1.TokenInput) (v1.SecretToken, error) {
	owner := input.Person
	if owner == "" {
		owner = actor.Person.Name
	}
	if err := s.selfOrAdmin(ctx, actor, owner, "token.create"); err != nil {
		return v1.SecretToken{}, err
	}
	ttl := input.TTL.Std()
	if ttl < 0 || ttl > maxTokenTTL {
		return v1.SecretToken{}, core.Refuse(v1.CodeDurationTooLong, "A token lives at most %s.", v1.Duration(maxTokenTTL))
	}
	if ttl == 0 {
		ttl = maxTokenTTL
	}
	if input.Title == "" || len(input.Title) > 200 {
		return v1.SecretToken{}, core.Refuse(v1.CodeInvalid, "A token needs a title of at most 200 bytes that says what it is for.")
	}
	return s.newToken(ctx, actor, v1.Token{Person: owner, Title: input.Title}, ttl)
}

// newSession makes the token of somebody who has just signed in.
func (s *Service) newSession(ctx context.Context, actor core.Actor, token v1.Token) (v1.SecretToken, error) {
	return s.issue(ctx, actor, "session.create", token, s.SessionTTL)
}

func (s *Service) newToken(ctx context.Context, actor core.Actor, token v1.Token, ttl time.Duration) (v1.SecretToken, error) {
	return s.issue(ctx, actor, "token.create", token, ttl)
}

func (s *Service) issue(ctx context.Context, actor core.Actor, action string, token v1.Token, ttl time.Duration) (v1.SecretToken, error) {
	id, err := newID()
	if err != nil {
		return v1.SecretToken{}, err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return v1.SecretToken{}, fmt.Errorf("reading random bytes: %w", err)
	}
	secret := tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	token.ID, token.Created = id, s.Now()
	token.Expires = token.Created.Add(ttl)
	err = s.Store.Update(ctx, func(tx core.Tx) error {
		person, err := tx.Person(token.Person)
		if err != nil {
			return missing(err, "person", token.Person)
		}
		token.Person = person.Name
		if err := tx.InsertToken(token, hashToken(secret)); err != nil {
			return err
		}
		return audit(tx, by(actor, action, token), token.Created)
	})
	if err != nil {
		return v1.SecretToken{}, storeError(err)
	}
	return v1.SecretToken{Token: token, Secret: secret}, nil
}

// Tokens lists a person's tokens.
func (s *Service) Tokens(ctx context.Context, actor core.Actor, person string) (tokens []v1.Token, err error) {
	if err := s.selfOrAdmin(ctx, actor, person, "token.list"); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		tokens, err = reader.Tokens(person)
		return err
	})
	return tokens, storeError(err)
}

// RevokeToken ends a token at once: one's own, or anybody's for administrators.
func (s *Service) RevokeToken(ctx context.Context, actor core.Actor, id string) error {
	owner := actor.Person.Name
	if actor.Person.Admin {
		owner = ""
	}
	return storeError(s.Store.Update(ctx, func(tx core.Tx) error {
		tokens, err := tx.Tokens(owner)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tokens, func(t v1.Token) bool { return t.ID == id }) {
			return core.Refuse(v1.CodeNotFound, "There is no token %q.", id)
		}
		return s.revoke(tx, actor, id)
	}))
}

func hashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
