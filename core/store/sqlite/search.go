package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pressly/goose/v3"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// fileSearch keeps what a request is searched by.
const fileSearch = `INSERT INTO request_search (id, created, state, requester, facets, words) VALUES (?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET state = excluded.state, requester = excluded.requester, facets = excluded.facets,
	words = excluded.words`

func searchRow(request v1.Request) []any {
	return []any{
		request.ID, request.Created.UnixMicro(), string(request.State), request.Requester.Name, facetsOf(request).String(),
		core.SearchText(request),
	}
}

// searching asks that a request lies in the filter's time and has its text.
func searching(filter core.RequestFilter) []condition {
	var conditions []condition
	if !filter.Since.IsZero() {
		conditions = append(conditions, condition{"search.created >= ?", []any{filter.Since.UnixMicro()}})
	}
	if !filter.Until.IsZero() {
		conditions = append(conditions, condition{"search.created < ?", []any{filter.Until.UnixMicro()}})
	}
	if term := core.SearchTerm(filter.Text); term != "" {
		conditions = append(conditions, condition{"instr(search.words, ?) > 0", []any{term}})
	}
	return conditions
}

// search reads request_search from the newest request on, all of it if need be. What is quick to tell is told first; looking
// through all words comes last.
func search(filter core.RequestFilter, terms []condition) part {
	conditions := slices.Concat(before("search.id", filter), showing("search", wantedFacets(filter)))
	if filter.Requester != "" {
		conditions = append(conditions, condition{"search.requester = ?", []any{filter.Requester}})
	}
	if len(filter.States) > 0 {
		conditions = append(conditions, inStates("search", distinct(filter.States))...)
	}
	if filter.Involved != "" {
		conditions = append(conditions, concerning("search", filter.Involved))
	}
	conditions = append(conditions, terms...)
	return part{"request_search search CROSS JOIN request ON request.id = search.id", "search.id", conditions}
}

// searchVersion is the schema that has request_search filled.
const searchVersion = 3

// searchMigration fills request_search for the requests of older versions.
func searchMigration() *goose.Migration {
	return goose.NewGoMigration(searchVersion, &goose.GoFunc{RunTx: fillSearch}, nil)
}

// fillBatch is how many requests are read before they are written: one connection cannot do both at once.
const fillBatch = 1000

func fillSearch(ctx context.Context, tx *sql.Tx) error {
	for after := ""; ; {
		requests, err := requestsAfter(ctx, tx, after)
		if err != nil || len(requests) == 0 {
			return err
		}
		for _, request := range requests {
			if _, err := tx.ExecContext(ctx, fileSearch, searchRow(request)...); err != nil {
				return fmt.Errorf("filing request %s: %w", request.ID, err)
			}
		}
		after = requests[len(requests)-1].ID
	}
}

func requestsAfter(ctx context.Context, tx *sql.Tx, after string) ([]v1.Request, error) {
	rows, err := tx.QueryContext(ctx, "SELECT payload FROM request WHERE id > ? ORDER BY id LIMIT ?", after, fillBatch)
	if err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	defer rows.Close()
	var requests []v1.Request
	for rows.Next() {
		var payload []byte
		if err := rows.Scan(&payload); err != nil {
			return nil, fmt.Errorf("reading request: %w", err)
		}
		var request v1.Request
		if err := json.Unmarshal(payload, &request); err != nil {
			return nil, fmt.Errorf("decoding stored request: %w", err)
		}
		requests = append(requests, request)
	}
	return requests, rows.Err()
}
