package host

import (
	"maps"
	"slices"
	"strings"
)

const defaultPattern = "*"

// routes says which configured recipients a request reaches.
type routes map[string][]string

// recipients returns the union over the roles, each recipient once, in a stable order.
func (r routes) recipients(roles []string) []string {
	seen := map[string]bool{}
	var union []string
	for _, role := range roles {
		for _, recipient := range r.forRole(role) {
			if !seen[recipient] {
				seen[recipient] = true
				union = append(union, recipient)
			}
		}
	}
	return union
}

// forRole returns the recipients of every pattern that matches; those of "*" only when no other pattern does. A pattern
// that leads nowhere still counts as a match.
func (r routes) forRole(role string) []string {
	var found []string
	matched := false
	for _, pattern := range sortedKeys(r) {
		if pattern != defaultPattern && matches(pattern, role) {
			matched = true
			found = append(found, r[pattern]...)
		}
	}
	if !matched {
		return r[defaultPattern]
	}
	return found
}

// matches says whether name fits a pattern in which * stands for any text, the empty one included.
func matches(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, head)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	tail := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, tail)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
