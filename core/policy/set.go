package policy

import (
	"fmt"
	"slices"

	v1 "github.com/accede/accede/api/v1"
)

// Set is a compiled set of roles. It does not change and is safe for concurrent use.
type Set struct {
	roles   map[string]*role
	names   []string
	filters map[string]*expression
}

type role struct {
	name                      string
	spec                      v1.RoleSpec
	allowRequest, denyRequest matching
	allowReview, denyReview   reviewBlock
	filters                   []*expression
}

// reviewBlock is one side of what a role says about reviewing; where is nil if the block always holds.
type reviewBlock struct {
	matching
	where *expression
}

// Compile prepares roles for evaluation. It fails on the first role that [Validate] finds fault with: a set that could
// not be understood wholly must not decide anything.
func Compile(documents []v1.Role) (*Set, error) {
	set := &Set{roles: make(map[string]*role, len(documents)), filters: map[string]*expression{}}
	for _, document := range documents {
		check := checker{}
		compiled := check.role(document)
		if len(check.faults) > 0 {
			return nil, fmt.Errorf("role %q: %s %s", document.Metadata.Name, check.faults[0].Location, check.faults[0].Message)
		}
		set.roles[compiled.name] = compiled
		set.names = append(set.names, compiled.name)
		for _, filter := range compiled.filters {
			set.filters[filter.text] = filter
		}
	}
	slices.Sort(set.names)
	return set, nil
}

// Has says whether the set knows a role.
func (s *Set) Has(name string) bool { return s.roles[name] != nil }

// MayRequest says whether somebody may request a role: no deny of any of their roles may match, then one allow must.
func (s *Set) MayRequest(who Subject, requested string) bool {
	return s.mayRequest(who, s.held(who.Roles), requested)
}

func (s *Set) mayRequest(who Subject, held []*role, requested string) bool {
	allowed := false
	for _, holding := range held {
		if holding.denyRequest.match(who, requested) {
			return false
		}
		allowed = allowed || holding.allowRequest.match(who, requested)
	}
	return allowed
}

// Requestable lists the roles that somebody may request and does not hold.
func (s *Set) Requestable(who Subject) []string {
	var names []string
	held := s.held(who.Roles)
	for _, name := range s.names {
		if !slices.Contains(who.Roles, name) && s.mayRequest(who, held, name) {
			names = append(names, name)
		}
	}
	return names
}

// RequestAccess is the strictest strategy at sign-in among somebody's roles.
func (s *Set) RequestAccess(who Subject) v1.RequestAccess {
	order := []v1.RequestAccess{v1.RequestOptional, v1.RequestAlways, v1.RequestReason}
	strictest := 0
	for _, holding := range s.held(who.Roles) {
		strictest = max(strictest, slices.Index(order, holding.spec.Options.RequestAccess))
	}
	return order[strictest]
}

// SearchAs lists the roles through which somebody may request resources, and that exist.
func (s *Set) SearchAs(who Subject) []string {
	var allowed, denied []string
	for _, holding := range s.held(who.Roles) {
		allowed = append(allowed, searchAs(holding.spec.Allow.Request)...)
		denied = append(denied, searchAs(holding.spec.Deny.Request)...)
	}
	slices.Sort(allowed)
	return slices.DeleteFunc(slices.Compact(allowed), func(name string) bool {
		return slices.Contains(denied, name) || !s.Has(name)
	})
}

func searchAs(conditions *v1.RequestConditions) []string {
	if conditions == nil {
		return nil
	}
	return conditions.SearchAsRoles
}

// held returns the known roles among the names, each once.
func (s *Set) held(names []string) []*role {
	roles := make([]*role, 0, len(names))
	seen := make(map[*role]bool, len(names))
	for _, name := range names {
		if holding := s.roles[name]; holding != nil && !seen[holding] {
			seen[holding] = true
			roles = append(roles, holding)
		}
	}
	return roles
}
