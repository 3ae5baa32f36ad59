package opsgeniesim

import (
	"net/url"
	"slices"
	"strings"
)

// clause is one condition of a search.
type clause struct{ field, value string }

// parseQuery reads a search: field: value, several joined by AND. The vendor can do far more.
func parseQuery(query string) (clauses []clause, ok bool) {
	for _, text := range strings.Split(query, " AND ") {
		if strings.TrimSpace(query) == "" {
			return nil, true
		}
		field, value, found := strings.Cut(text, ":")
		field, value = strings.TrimSpace(field), strings.Trim(strings.TrimSpace(value), `"`)
		if !found || !slices.Contains([]string{"alias", "status", "tag"}, field) {
			return nil, false
		}
		clauses = append(clauses, clause{field, value})
	}
	return clauses, true
}

func (c clause) fits(a *alert) bool {
	switch c.field {
	case "alias":
		return strings.EqualFold(a.alias, c.value) // the search does not know capital letters
	case "status":
		return (c.value == "closed") == a.closed
	default:
		return slices.Contains(a.tags, c.value)
	}
}

// search lists alerts, the newest first unless asked for otherwise. What is too new is not found yet.
func (s *Sim) search(q url.Values, draw func(*alert) object) (found []object, ok bool) {
	clauses, ok := parseQuery(q.Get("query"))
	if !ok {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, a := range s.alerts {
		fits := !slices.ContainsFunc(clauses, func(c clause) bool { return !c.fits(a) })
		if fits && !a.readable.After(now) && !a.created.After(now.Add(-s.cfg.Lag)) {
			one := draw(a)
			one["updatedAt"] = stamp(a.updated(now, s.cfg.Lag))
			found = append(found, one)
		}
	}
	if q.Get("order") != "asc" {
		slices.Reverse(found)
	}
	return found, true
}
