package sqlite

import (
	"fmt"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// Request implements [core.Reader].
func (r *reader) Request(id string) (v1.Request, error) {
	return one(r.session, readPayload[v1.Request], "SELECT payload FROM request WHERE id = ?", id)
}

// PendingLike implements [core.Reader].
func (r *reader) PendingLike(person, ask string) (v1.Request, error) {
	return one(r.session, readPayload[v1.Request], `SELECT payload FROM request INDEXED BY request_ask
		WHERE ask = ? AND state = 'PENDING' AND requester = ? ORDER BY id DESC LIMIT 1`, ask, person)
}

// Due implements [core.Reader].
func (r *reader) Due(now time.Time, limit int) ([]v1.Request, error) {
	return many(r.session, readPayload[v1.Request], `SELECT payload FROM request
		WHERE deadline IS NOT NULL AND deadline <= ? ORDER BY deadline LIMIT ?`, now.UnixMicro(), limited(limit))
}

// Requests implements [core.Reader].
func (r *reader) Requests(filter core.RequestFilter) ([]v1.Request, error) {
	query, args := listing("payload", filter)
	return many(r.session, readPayload[v1.Request], query, args...)
}

// unsettledFew is how many recently updated requests are sorted for one page; beyond it reading in order of id is cheaper.
const unsettledFew = 2000

// Unsettled implements [core.Reader].
func (r *reader) Unsettled(plugin string, since time.Time, after string, limit int) ([]v1.Request, error) {
	from := since.UnixMicro()
	recent, err := one(r.session, readInt, `SELECT count(*) FROM (SELECT 1 FROM request INDEXED BY request_updated
		WHERE state <> 'PENDING' AND updated >= ? LIMIT ?)`, from, unsettledFew+1)
	if err != nil {
		return nil, err
	}
	source := "request INDEXED BY request_updated WHERE state <> 'PENDING'"
	if recent > unsettledFew {
		source = "request INDEXED BY sqlite_autoindex_request_1 WHERE state <> 'PENDING'"
	}
	return many(r.session, readPayload[v1.Request], `SELECT payload FROM request WHERE id IN (
		SELECT id FROM (SELECT id FROM request INDEXED BY request_pending
			WHERE state = 'PENDING' AND id > ?2 ORDER BY id LIMIT ?4)
		UNION SELECT id FROM (SELECT id FROM `+source+` AND updated >= ?3 AND id > ?2 ORDER BY id LIMIT ?4)
		UNION SELECT id FROM (SELECT DISTINCT request.id FROM delivery JOIN request ON request.id = delivery.request_id
			WHERE delivery.plugin = ?1 AND delivery.settled = 0 AND delivery.request_id > ?2
			  AND delivery.state = 'posted' AND delivery.slot = 'card' AND delivery.shown_version < request.version
			ORDER BY request.id LIMIT ?4)
		) ORDER BY id LIMIT ?4`, plugin, after, from, limited(limit))
}

// InsertRequest implements [core.Tx].
func (t *tx) InsertRequest(request v1.Request, ask string) error {
	payload, err := encode("request", request)
	if err != nil {
		return err
	}
	found := facetsOf(request)
	err = t.do(`INSERT INTO request (id, version, state, requester, ask, updated, deadline, facets, payload)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, request.ID, request.Version, string(request.State), request.Requester.Name, ask,
		request.Updated.UnixMicro(), notBefore(core.Deadline(request)), found.String(), payload)
	if err != nil {
		return err
	}
	if err := t.do(fileSearch, searchRow(request)...); err != nil || !request.State.Resolved() {
		return err
	}
	return t.fileFacets(request.ID, nil, found)
}

// stored is what SaveRequest has to know of the version it replaces.
type stored struct {
	row     int64
	version int64
	state   v1.State
	facets  string
}

func readStored(row scanner) (s stored, err error) {
	err = row.Scan(&s.row, &s.version, &s.state, &s.facets)
	return s, err
}

// SaveRequest implements [core.Tx].
func (t *tx) SaveRequest(request v1.Request) error {
	old, err := one(t.session, readStored, "SELECT rowid, version, state, facets FROM request WHERE id = ?", request.ID)
	if err != nil {
		return err
	}
	if old.version != request.Version-1 {
		return fmt.Errorf("saving version %d over version %d of request %s: %w",
			request.Version, old.version, request.ID, core.ErrConflict)
	}
	payload, err := encode("request", request)
	if err != nil {
		return err
	}
	found := facetsOf(request)
	err = t.do(`UPDATE request SET version = ?, state = ?, requester = ?, updated = ?, deadline = ?, facets = ?, payload = ?
		WHERE rowid = ?`, request.Version, string(request.State), request.Requester.Name, request.Updated.UnixMicro(),
		notBefore(core.Deadline(request)), found.String(), payload, old.row)
	if err != nil {
		return err
	}
	if err := t.do(fileSearch, searchRow(request)...); err != nil {
		return err
	}
	return t.refile(request, old, found)
}

// refile keeps up what only resolved requests have: rows for their facets, and cards that are settled.
func (t *tx) refile(request v1.Request, old stored, found facets) error {
	var filed facets
	if old.state.Resolved() {
		if err := t.unsettle(request.ID); err != nil {
			return err
		}
		filed = parseFacets(old.facets)
	}
	if !request.State.Resolved() {
		found = nil
	}
	return t.fileFacets(request.ID, filed, found)
}

// unsettle notes that the cards of a request show an older version again.
func (t *tx) unsettle(requestID string) error {
	return t.do(`UPDATE delivery SET settled = 0
		WHERE plugin IN (SELECT name FROM plugin) AND request_id = ? AND slot = 'card'`, requestID)
}
