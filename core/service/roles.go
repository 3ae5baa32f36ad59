package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
	"github.com/accede/accede/internal/config"
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

// errDryRun undoes a transaction that was only tried.
var errDryRun = errors.New("dry run")

// Apply saves role and user documents, all of them or none. Every fault of every document is reported at once.
func (s *Service) Apply(ctx context.Context, actor core.Actor, input v1.ApplyInput) (v1.ApplyResult, error) {
	if err := s.requireAdmin(ctx, actor, "documents.apply"); err != nil {
		return v1.ApplyResult{}, err
	}
	parsed, err := parseDocuments(input.Documents)
	if err != nil {
		return v1.ApplyResult{}, err
	}
	result := v1.ApplyResult{}
	err = s.admin(ctx, actor, "documents.apply", func(tx core.Tx) error {
		result.Applied = nil
		for _, document := range parsed {
			applied, err := document.apply(tx, actor, s.Now())
			if err != nil {
				return err
			}
			result.Applied = append(result.Applied, applied)
		}
		if input.DryRun {
			return &core.Error{Err: errDryRun}
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return result, err
}

// document is a parsed document that knows how to save itself.
type document interface {
	apply(tx core.Tx, actor core.Actor, now time.Time) (v1.Applied, error)
}

// parseDocuments parses everything and puts roles before the people who may hold them.
func parseDocuments(files []v1.ApplyDocument) ([]document, error) {
	var roles, people []document
	refusal := core.Refuse(v1.CodeInvalid, "")
	for _, file := range files {
		docs, err := config.Documents(file.Name, []byte(file.YAML))
		if err != nil {
			refusal.Faults = append(refusal.Faults, v1.Fault{Location: file.Name, Message: err.Error()})
			continue
		}
		for _, doc := range docs {
			parsed, faults := parseDocument(file.Name, doc)
			refusal.Faults = append(refusal.Faults, faults...)
			if _, ok := parsed.(personDocument); ok {
				people = append(people, parsed)
			} else {
				roles = append(roles, parsed)
			}
		}
	}
	if len(refusal.Faults) > 0 {
		refusal.Message = fmt.Sprintf("Nothing was applied: %s", refusal.Faults[0].Message)
		return nil, refusal
	}
	if len(roles)+len(people) == 0 {
		return nil, core.Refuse(v1.CodeInvalid, "There is nothing to apply: no document was found.")
	}
	return append(roles, people...), nil
}

func parseDocument(name string, doc config.Document) (document, []v1.Fault) {
	place := fmt.Sprintf("%s:%d", name, doc.Line)
	var head struct {
		Kind string `yaml:"kind"`
	}
	if err := doc.Peek(&head); err != nil {
		return nil, []v1.Fault{{Location: place, Message: err.Error()}}
	}
	switch head.Kind {
	case v1.RoleKind:
		return parseRole(place, doc)
	case v1.PersonDocumentKind:
		return parsePerson(place, doc)
	}
	message := fmt.Sprintf("%s: kind is %q; it must be %q or %q.", place, head.Kind, v1.RoleKind, v1.PersonDocumentKind)
	return nil, []v1.Fault{{Location: place, Message: message}}
}

func parseRole(place string, doc config.Document) (document, []v1.Fault) {
	var role v1.Role
	if err := doc.Decode(&role); err != nil {
		return nil, []v1.Fault{{Location: place, Message: err.Error()}}
	}
	faults := policy.Validate(role)
	for i := range faults {
		faults[i].Message = fmt.Sprintf("%s: role %q: %s %s", place, role.Metadata.Name, faults[i].Location, faults[i].Message)
	}
	return roleDocument(role), faults
}

func parsePerson(place string, doc config.Document) (document, []v1.Fault) {
	var person v1.PersonDocument
	if err := doc.Decode(&person); err != nil {
		return nil, []v1.Fault{{Location: place, Message: err.Error()}}
	}
	if person.Spec.Kind == "" {
		person.Spec.Kind = v1.KindHuman
	}
	return personDocument(person), nil
}

// What applying did to a document's subject.
const (
	changeCreated   = "created"
	changeChanged   = "changed"
	changeUnchanged = "unchanged"
)

type roleDocument v1.Role

func (d roleDocument) apply(tx core.Tx, actor core.Actor, now time.Time) (v1.Applied, error) {
	role := v1.Role(d)
	applied := v1.Applied{
		Kind: role.Kind, Name: role.Metadata.Name, Change: changeChanged, Warnings: policy.Warnings(role),
	}
	detail := changeDetail{After: role}
	existing, err := tx.Role(role.Metadata.Name)
	switch {
	case errors.Is(err, core.ErrNotFound):
		applied.Change = changeCreated
	case err != nil:
		return v1.Applied{}, err
	case same(existing, role):
		applied.Change = changeUnchanged
		return applied, nil
	default:
		detail.Before = existing
	}
	if err := tx.SaveRole(role); err != nil {
		return v1.Applied{}, err
	}
	return applied, audit(tx, by(actor, "role.apply", detail), now)
}

type personDocument v1.PersonDocument

func (d personDocument) apply(tx core.Tx, actor core.Actor, now time.Time) (v1.Applied, error) {
	name, spec := d.Metadata.Name, d.Spec
	applied := v1.Applied{Kind: d.Kind, Name: name, Change: changeChanged}
	record, err := tx.Person(name)
	switch {
	case errors.Is(err, core.ErrNotFound):
		applied.Change = changeCreated
		record = core.PersonRecord{Person: v1.Person{Name: name, Created: now}}
	case err != nil:
		return v1.Applied{}, err
	}
	before := record.Person
	record.DisplayName, record.Email, record.Kind = spec.DisplayName, spec.Email, spec.Kind
	record.Roles, record.Traits = spec.Roles, spec.Traits
	record.Admin, record.Disabled = spec.Admin, spec.Disabled
	if same(before, record.Person) {
		applied.Change = changeUnchanged
		return applied, nil
	}
	if err := writePerson(tx, record); err != nil {
		return v1.Applied{}, err
	}
	detail := changeDetail{After: record.Person}
	if applied.Change == changeChanged {
		detail.Before = before
	}
	return applied, audit(tx, by(actor, "person.apply", detail), now)
}

// same compares what two documents say, whatever their memory looks like: an absent list is an empty one.
func same[T any](a, b T) bool {
	first, err := json.Marshal(a)
	if err != nil {
		return false
	}
	second, err := json.Marshal(b)
	return err == nil && reflect.DeepEqual(first, second)
}
