package sqlite

import (
	v1 "github.com/accede/accede/api/v1"
)

// glance is what can be known of a pending request without reading it.
type glance struct {
	id    string
	roles []string
}

func readGlance(row scanner) (g glance, err error) {
	var stored string
	if err = row.Scan(&g.id, &stored); err != nil {
		return g, err
	}
	for _, one := range parseFacets(stored) {
		if one.kind == facetRole {
			g.roles = append(g.roles, one.value)
		}
	}
	return g, nil
}

// glances is how many pending requests are looked at before those that are wanted are read.
const glances = 500

// Pending implements [core.Reader].
func (r *reader) Pending(after string, limit int, wanted func(roles []string) bool) ([]v1.Request, error) {
	var found []v1.Request
	for {
		seen, err := many(r.session, readGlance, `SELECT id, facets FROM request INDEXED BY request_pending
			WHERE state = 'PENDING' AND id > ? ORDER BY id LIMIT ?`, after, glances)
		if err != nil {
			return nil, err
		}
		for _, one := range seen {
			if limit > 0 && len(found) == limit {
				return found, nil
			}
			if !wanted(one.roles) {
				continue
			}
			request, err := r.Request(one.id)
			if err != nil {
				return nil, err
			}
			found = append(found, request)
		}
		if len(seen) < glances {
			return found, nil
		}
		after = seen[len(seen)-1].id
	}
}

// Granted implements [core.Reader]. An approved request has a deadline until its access has ended.
func (r *reader) Granted(person string, limit int) ([]v1.Request, error) {
	return many(r.session, readPayload[v1.Request], `SELECT payload FROM request INDEXED BY request_granted
		WHERE requester = ? AND state <> 'PENDING' AND deadline IS NOT NULL ORDER BY id DESC LIMIT ?`, person, limited(limit))
}
