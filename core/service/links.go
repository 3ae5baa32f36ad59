package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const (
	// linkCodeLife is how long a one-time code can be used.
	linkCodeLife = 15 * time.Minute
	// linkAlphabet leaves out what people confuse.
	linkAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	// linkCodeLength gives about 49 bits; codes live for minutes and guesses are limited.
	linkCodeLength = 10
)

// offerLink answers a click from an account that belongs to nobody: a one-time code by which its owner connects it.
func (s *Service) offerLink(tx core.Tx, decision v1.Decision, now time.Time) (v1.DecisionResult, error) {
	if decision.Identity.IsService() {
		return s.noServiceUser(tx, decision, now)
	}
	code, err := newLinkCode()
	if err != nil {
		return v1.DecisionResult{}, err
	}
	offer := core.LinkCode{
		Hash: hashLinkCode(code), Identity: decision.Identity, UserName: decision.UserName, Expires: now.Add(linkCodeLife),
	}
	if err := tx.SaveLinkCode(offer); err != nil {
		return v1.DecisionResult{}, err
	}
	entry := audited{
		action: "link.offer", requestID: decision.RequestID, via: decision.Identity.Plugin, identity: &decision.Identity,
		detail: map[string]string{"user_name": cut(decision.UserName)},
	}
	if err := audit(tx, entry, now); err != nil {
		return v1.DecisionResult{}, err
	}
	return v1.DecisionResult{
		Code:     v1.CodeIdentityNotLinked,
		LinkCode: code,
		Message: fmt.Sprintf("Your account is not connected to Accede, so nothing was decided. To connect it, sign in to "+
			"Accede within 15 minutes, type the code %[2]s on your account page or run `accede link %[1]s %[2]s`, and click again. "+
			"Give the code to nobody.",
			decision.Identity.Plugin, code),
	}, nil
}

func newLinkCode() (string, error) {
	raw := make([]byte, linkCodeLength)
	for i := range raw {
		letter, err := randomLetter()
		if err != nil {
			return "", err
		}
		raw[i] = letter
	}
	return string(raw[:linkCodeLength/2]) + "-" + string(raw[linkCodeLength/2:]), nil
}

// randomLetter draws evenly: bytes past the last whole multiple of the alphabet are drawn again.
func randomLetter() (byte, error) {
	const even = 256 / len(linkAlphabet) * len(linkAlphabet)
	var b [1]byte
	for {
		if _, err := rand.Read(b[:]); err != nil {
			return 0, fmt.Errorf("reading random bytes: %w", err)
		}
		if int(b[0]) < even {
			return linkAlphabet[int(b[0])%len(linkAlphabet)], nil
		}
	}
}

func hashLinkCode(code string) string {
	plain := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha256.Sum256([]byte("link " + plain))
	return hex.EncodeToString(sum[:])
}

// ClaimLink tells which vendor account a code belongs to and, when confirmed, connects it to the actor.
func (s *Service) ClaimLink(ctx context.Context, actor core.Actor, claim v1.LinkClaim) (claimed v1.LinkClaimed, err error) {
	err = s.Store.Update(ctx, func(tx core.Tx) error {
		claimed, err = s.claimLink(tx, actor, claim)
		return err
	})
	return claimed, storeError(err)
}

func (s *Service) claimLink(tx core.Tx, actor core.Actor, claim v1.LinkClaim) (v1.LinkClaimed, error) {
	now := s.Now()
	offer, err := tx.LinkCode(hashLinkCode(claim.Code))
	if errors.Is(err, core.ErrNotFound) || err == nil && now.After(offer.Expires) {
		return v1.LinkClaimed{}, core.Refuse(v1.CodeNotFound,
			"That code is unknown, used or older than 15 minutes. Click the button again to get a new one.")
	}
	if err != nil {
		return v1.LinkClaimed{}, err
	}
	claimed := v1.LinkClaimed{Identity: offer.Identity, UserName: offer.UserName, Expires: offer.Expires}
	if !claim.Confirm {
		return claimed, nil
	}
	claimed.Linked = true
	link := v1.Link{Identity: offer.Identity, Person: actor.Person.Name, Created: now, CreatedBy: actor.Person.Name}
	if err := s.insertLink(tx, actor, link); err != nil {
		return v1.LinkClaimed{}, err
	}
	return claimed, tx.DeleteLinkCode(offer.Hash)
}

func (s *Service) insertLink(tx core.Tx, actor core.Actor, link v1.Link) error {
	err := tx.InsertLink(link)
	if errors.Is(err, core.ErrConflict) {
		return s.linkedAlready(tx, link)
	}
	if err != nil {
		return err
	}
	return audit(tx, by(actor, "link.add", link), link.Created)
}

func (s *Service) linkedAlready(tx core.Tx, link v1.Link) error {
	existing, err := tx.Link(link.Identity)
	if err != nil {
		return err
	}
	if existing.Person == link.Person {
		return nil
	}
	return core.Refuse(v1.CodeConflict, "That %s account is connected to somebody else already; an administrator can "+
		"remove that link.", link.Plugin)
}

// AddLink connects an account to a person, for administrators.
func (s *Service) AddLink(ctx context.Context, actor core.Actor, link v1.Link) (v1.Link, error) {
	if link.Plugin == "" || link.Tenant == "" || link.User == "" {
		return v1.Link{}, core.Refuse(v1.CodeInvalid, "A link names a plugin, the vendor's tenant and the vendor's user id.")
	}
	link.Created, link.CreatedBy = s.Now(), actor.Person.Name
	err := s.admin(ctx, actor, "link.add", func(tx core.Tx) error {
		person, err := tx.Person(link.Person)
		if err != nil {
			return missing(err, "person", link.Person)
		}
		if link.IsService() && person.Kind != v1.KindService {
			return core.Refuse(v1.CodeInvalid, "%s is a person; only a service user can stand for the plugin %s itself.",
				person.Name, link.Plugin)
		}
		link.Person = person.Name
		return s.insertLink(tx, actor, link)
	})
	return link, err
}

// RemoveLink disconnects an account: one's own, or anybody's for administrators.
func (s *Service) RemoveLink(ctx context.Context, actor core.Actor, identity v1.Identity) error {
	return storeError(s.Store.Update(ctx, func(tx core.Tx) error {
		link, err := tx.Link(identity)
		if err != nil || !actor.Person.Admin && link.Person != actor.Person.Name {
			return missing(core.ErrNotFound, "link to "+identity.Plugin+" account", identity.User)
		}
		if err := tx.DeleteLink(identity); err != nil {
			return err
		}
		return audit(tx, by(actor, "link.remove", link), s.Now())
	}))
}

// Links lists a person's links: one's own, or anybody's, and with an empty name everybody's, for administrators.
func (s *Service) Links(ctx context.Context, actor core.Actor, person string) (links []v1.Link, err error) {
	if err := s.selfOrAdmin(ctx, actor, person, "link.list"); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(reader core.Reader) error {
		links, err = reader.Links(person)
		return err
	})
	return links, storeError(err)
}
