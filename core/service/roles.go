package service

import (
	"context"
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Roles lists every role.
func (s *Service) Roles(ctx context.Context, _ core.Actor) (roles []v1.Role, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		roles, err = reader.Roles()
		return err
	})
	return roles, storeError(err)
}

// Role returns one role.
func (s *Service) Role(ctx context.Context, _ core.Actor, name string) (role v1.Role, err error) {
	err = s.Store.View(ctx, func(reader core.Reader) error {
		role, err = reader.Role(name)
		return missing(err, "role", name)
	})
	return role, storeError(err)
}

// DeleteRole removes a role that nobody holds.
func (s *Service) DeleteRole(ctx context.Context, actor core.Actor, name string) error {
	return s.admin(ctx, actor, "role.delete", func(tx core.Tx) error {
		role, err := tx.Role(name)
		if err != nil {
			return missing(err, "role", name)
		}
		people, err := tx.People()
		if err != nil {
			return err
		}
		holds := func(p v1.Person) bool { return slices.Contains(p.Roles, name) }
		if at := slices.IndexFunc(people, holds); at >= 0 {
			return core.Refuse(v1.CodeConflict, "%s still holds role %q; take it away from everybody first.", people[at].Name, name)
		}
		if err := tx.DeleteRole(name); err != nil {
			return err
		}
		return audit(tx, by(actor, "role.delete", changeDetail{Before: role}), s.Now())
	})
}
