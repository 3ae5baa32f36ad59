package service

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/core/policy"
	"github.com/accede/accede/internal/config"
)

// errDryRun undoes a transaction that was only tried.
var errDryRun = errors.New("dry run")

// Apply saves role and user documents, all of them or none. Every fault of every document is reported at once.
func (s *Service) Apply(ctx context.Context, actor core.Actor, input v1.ApplyInput) (v1.ApplyResult, error) {
	if err := s.requireAdmin(ctx, actor, "documents.apply"); err != nil {
		return v1.ApplyResult{}, err
	}
	read := readDocuments(input.Documents)
	if len(read.all())+len(read.faults) == 0 {
		return v1.ApplyResult{}, core.Refuse(v1.CodeInvalid, "There is nothing to apply: no document was found.")
	}
	result := v1.ApplyResult{}
	err := s.admin(ctx, actor, "documents.apply", func(tx core.Tx) error {
		applied, err := read.apply(tx, actor, s.Now())
		if err == nil && input.DryRun {
			err = &core.Error{Err: errDryRun}
		}
		result.Applied = applied
		return err
	})
	if errors.Is(err, errDryRun) {
		return result, nil
	}
	if err != nil {
		return v1.ApplyResult{}, err
	}
	return result, nil
}

// document is a parsed document that knows how to save itself.
type document interface {
	apply(tx core.Tx, actor core.Actor, now time.Time) (v1.Applied, error)
}

// placed is a document with its text, for telling where in it something is wrong.
type placed struct {
	document
	text config.Document
}

// reading is what reading a set of files came to.
type reading struct {
	roles, people []placed
	faults        []*config.Error
	// partial says that there may be roles which could not be read.
	partial bool
}

func readDocuments(files []v1.ApplyDocument) *reading {
	read := &reading{}
	for _, file := range files {
		docs, faults := config.AllDocuments(file.Name, []byte(file.YAML))
		read.unreadable(file.Name, faults...)
		for _, doc := range docs {
			read.document(file.Name, doc)
		}
	}
	return read
}

// all puts roles before the people who may hold them.
func (r *reading) all() []placed { return slices.Concat(r.roles, r.people) }

// unreadable takes down documents that cannot be read at all.
func (r *reading) unreadable(name string, faults ...error) {
	r.partial = r.partial || len(faults) > 0
	r.wrong(name, faults)
}

func (r *reading) wrong(name string, faults []error) {
	for _, fault := range faults {
		located, ok := errors.AsType[*config.Error](fault)
		if !ok {
			located = &config.Error{Name: name, Message: fault.Error()}
		}
		r.faults = append(r.faults, located)
	}
}

func (r *reading) document(name string, doc config.Document) {
	var head struct {
		Kind string `yaml:"kind"`
	}
	if err := doc.Peek(&head); err != nil {
		r.unreadable(name, err)
		return
	}
	switch head.Kind {
	case v1.RoleKind:
		r.role(name, doc)
	case v1.PersonDocumentKind:
		r.person(name, doc)
	default:
		fault, _ := doc.ErrorAt("kind", fmt.Sprintf("kind is %q; it must be %q or %q", head.Kind, v1.RoleKind, v1.PersonDocumentKind))
		r.unreadable(name, fault)
	}
}

func (r *reading) role(name string, doc config.Document) {
	var role v1.Role
	wrong := doc.DecodeAll(&role)
	r.wrong(name, wrong)
	for _, fault := range policy.Validate(role) {
		located, exact := doc.ErrorAt(fault.Location, fmt.Sprintf("role %q: %s %s", role.Metadata.Name, fault.Location, fault.Message))
		if exact || len(wrong) == 0 { // else it may only be missing because it is wrong
			r.faults = append(r.faults, located)
		}
	}
	if !policy.ValidName(role.Metadata.Name) {
		r.partial = true
		return
	}
	r.roles = append(r.roles, placed{roleDocument(role), doc})
}

func (r *reading) person(name string, doc config.Document) {
	var person v1.PersonDocument
	wrong := doc.DecodeAll(&person)
	r.wrong(name, wrong)
	if len(wrong) > 0 && person.Metadata.Name == "" {
		return
	}
	if person.Spec.Kind == "" {
		person.Spec.Kind = v1.KindHuman
	}
	r.people = append(r.people, placed{personDocument(person), doc})
}

// apply saves every document, or refuses with all that is wrong. What is wrong with one only shows when those before it
// are saved, so the transaction goes on past faults and is undone at its end.
func (r *reading) apply(tx core.Tx, actor core.Actor, now time.Time) (all []v1.Applied, err error) {
	faults := slices.Clone(r.faults)
	for _, document := range r.all() {
		applied, err := document.apply(tx, actor, now)
		refusal, refused := errors.AsType[*core.Error](err)
		switch {
		case refused && (refusal.Code == v1.CodeInvalid || refusal.Code == v1.CodeConflict):
			faults = append(faults, r.located(document, refusal)...)
		case err != nil:
			return nil, err
		default:
			all = append(all, applied)
		}
	}
	if len(faults) > 0 {
		return nil, refuseDocuments(faults)
	}
	return all, nil
}

// located finds the places of what is wrong with a person.
func (r *reading) located(document placed, refusal *core.Error) (found []*config.Error) {
	for _, fault := range refusal.Faults {
		if r.partial && strings.HasPrefix(fault.Location, "roles") {
			continue // the role may be in what could not be read
		}
		path := "spec." + fault.Location
		if fault.Location == "name" {
			path = "metadata.name"
		}
		located, _ := document.text.ErrorAt(path, path+" "+fault.Message)
		found = append(found, located)
	}
	if len(refusal.Faults) == 0 {
		located, _ := document.text.ErrorAt("metadata.name", refusal.Message)
		found = append(found, located)
	}
	return found
}

// refuseDocuments names every fault, in the order of the files and lines.
func refuseDocuments(faults []*config.Error) *core.Error {
	slices.SortStableFunc(faults, func(a, b *config.Error) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	refusal := core.Refuse(v1.CodeInvalid, "Nothing was applied: %d problems were found.", len(faults))
	for _, fault := range faults {
		place := fault.Name
		if fault.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", fault.Name, fault.Line, fault.Column)
		}
		refusal.Faults = append(refusal.Faults, v1.Fault{Location: place, Message: fault.Message})
	}
	if len(refusal.Faults) == 1 {
		refusal.Message = fmt.Sprintf("Nothing was applied: %s: %s", refusal.Faults[0].Location, refusal.Faults[0].Message)
	}
	return refusal
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
	if applied.Diff, err = diffDocuments(detail.Before, role); err != nil {
		return v1.Applied{}, err
	}
	if err := tx.SaveRole(role); err != nil {
		return v1.Applied{}, err
	}
	return applied, audit(tx, by(actor, "role.apply", detail), now)
}

type personDocument v1.PersonDocument

func (d personDocument) apply(tx core.Tx, actor core.Actor, now time.Time) (v1.Applied, error) {
	name, spec := d.Metadata.Name, d.Spec
	applied := v1.Applied{Kind: d.Kind, Name: name, Change: changeChanged, Warnings: d.warnings()}
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
	var stored any
	if applied.Change == changeChanged {
		detail.Before, stored = before, documentOf(before)
	}
	if applied.Diff, err = diffDocuments(stored, documentOf(record.Person)); err != nil {
		return v1.Applied{}, err
	}
	return applied, audit(tx, by(actor, "person.apply", detail), now)
}

// warnings says what in the document has no effect: of a person's metadata only the name is kept.
func (d personDocument) warnings() []string {
	rest := d.Metadata
	rest.Name = ""
	if reflect.ValueOf(rest).IsZero() {
		return nil
	}
	return []string{"without effect: everything in metadata but the name; a person has no other metadata"}
}

// documentOf shows a person as a document, which has neither secrets nor what Accede keeps for itself.
func documentOf(p v1.Person) v1.PersonDocument {
	return v1.PersonDocument{
		Kind: v1.PersonDocumentKind, Version: v1.RoleVersion, Metadata: v1.Metadata{Name: p.Name},
		Spec: v1.PersonSpec{
			DisplayName: p.DisplayName, Email: p.Email, Kind: p.Kind, Roles: p.Roles, Traits: p.Traits, Admin: p.Admin, Disabled: p.Disabled,
		},
	}
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
