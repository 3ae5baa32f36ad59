package sqlite

import (
	"encoding/json"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

func glanceOf(requester, stored string) core.Glance {
	g := core.Glance{Requester: requester}
	for _, one := range parseFacets(stored) {
		switch one.kind {
		case facetRole:
			g.Roles = append(g.Roles, one.value)
		case facetReviewer:
			g.Reviewers = append(g.Reviewers, one.value)
		}
	}
	return g
}

// Scan implements [core.Reader]. What is not wanted is not decoded, which takes most of the time of a list.
func (r *reader) Scan(filter core.RequestFilter, wanted func(core.Glance) bool) (found []v1.Request, last string, err error) {
	query, args := listing("request.id, request.requester, request.facets, request.payload", filter)
	read := 0
	err = r.each(func(row scanner) error {
		var requester, stored string
		var payload []byte
		if err := row.Scan(&last, &requester, &stored, &payload); err != nil {
			return err
		}
		read++
		if !wanted(glanceOf(requester, stored)) {
			return nil
		}
		var request v1.Request
		if err := json.Unmarshal(payload, &request); err != nil {
			return fmt.Errorf("decoding stored record: %w", err)
		}
		found = append(found, request)
		return nil
	}, query, args...)
	if err != nil {
		return nil, "", err
	}
	if filter.Limit <= 0 || read < filter.Limit {
		last = ""
	}
	return found, last, nil
}

// pendingRoles are the roles of a pending request, as the index of pending requests has them.
type pendingRoles struct {
	id    string
	roles []string
}

func readPendingRoles(row scanner) (p pendingRoles, err error) {
	var stored string
	if err = row.Scan(&p.id, &stored); err != nil {
		return p, err
	}
	p.roles = glanceOf("", stored).Roles
	return p, nil
}

// glances is how many pending requests are looked at before those that are wanted are read.
const glances = 500

// Pending implements [core.Reader].
func (r *reader) Pending(after string, limit int, wanted func(roles []string) bool) ([]v1.Request, error) {
	var found []v1.Request
	for {
		seen, err := many(r.session, readPendingRoles, `SELECT id, facets FROM request INDEXED BY request_pending
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
