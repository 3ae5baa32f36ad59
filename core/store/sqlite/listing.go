package sqlite

import (
	"slices"
	"strings"

	"github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// condition is a part of a WHERE clause and its arguments.
type condition struct {
	clause string
	args   []any
}

// listing builds the query for a filter. SQLite keeps no statistics here, so the query itself says where to begin: with
// the index that leaves the fewest rows, in the order of the list.
func listing(filter core.RequestFilter) (string, []any) {
	states := distinct(filter.States)
	pendingOnly := len(states) == 1 && states[0] == v1.StatePending
	switch {
	case filter.Requester != "":
		if len(states) == 0 {
			states = v1.States()
		}
		return byState(filter, states, []condition{{"request.requester = ?", []any{filter.Requester}}})
	case !pendingOnly && (filter.Reviewer != "" || filter.Role != ""):
		return byFacet(filter, states)
	case len(states) > 0:
		return byState(filter, states, nil)
	default:
		query, args := newest("request", "request.id", before("request.id", filter), filter.Limit)
		return "SELECT payload " + query, args
	}
}

func distinct(states []v1.State) []v1.State {
	sorted := slices.Clone(states)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// newest is everything of a query after its columns.
func newest(from, id string, conditions []condition, limit int) (string, []any) {
	clauses := make([]string, 0, len(conditions))
	var args []any
	for _, c := range conditions {
		clauses = append(clauses, c.clause)
		args = append(args, c.args...)
	}
	where := ""
	if len(clauses) > 0 {
		where = " WHERE " + strings.Join(clauses, " AND ")
	}
	return "FROM " + from + where + " ORDER BY " + id + " DESC LIMIT ?", append(args, limited(limit))
}

func before(id string, filter core.RequestFilter) []condition {
	if filter.Before == "" {
		return nil
	}
	return []condition{{id + " < ?", []any{filter.Before}}}
}

// having asks that a request has a facet.
func having(kind, value string) []condition {
	if value == "" {
		return nil
	}
	return []condition{{"EXISTS (SELECT 1 FROM request_facet f WHERE f.kind = ? AND f.value = ? AND f.request_id = request.id)",
		[]any{kind, value}}}
}

// byState takes the newest of each state and of those the newest.
func byState(filter core.RequestFilter, states []v1.State, conditions []condition) (string, []any) {
	conditions = slices.Concat(conditions, before("request.id", filter),
		having(facetReviewer, filter.Reviewer), having(facetRole, filter.Role))
	parts := make([]string, 0, len(states))
	var args []any
	for _, state := range states {
		ofState := slices.Concat([]condition{{"request.state = ?", []any{string(state)}}}, conditions)
		part, partArgs := newest("request", "request.id", ofState, filter.Limit)
		parts = append(parts, "SELECT * FROM (SELECT request.rowid "+part+")")
		args = append(args, partArgs...)
	}
	candidates := condition{"request.rowid IN (" + strings.Join(parts, " UNION ALL ") + ")", args}
	query, args := newest("request", "request.id", []condition{candidates}, filter.Limit)
	return "SELECT payload " + query, args
}

// byFacet follows one facet and looks at its requests.
func byFacet(filter core.RequestFilter, states []v1.State) (string, []any) {
	kind, value, role := facetReviewer, filter.Reviewer, filter.Role
	if value == "" {
		kind, value, role = facetRole, filter.Role, ""
	}
	conditions := slices.Concat(
		[]condition{{"facet.kind = ? AND facet.value = ?", []any{kind, value}}},
		before("facet.request_id", filter), inStates(states), having(facetRole, role))
	query, args := newest("request_facet facet CROSS JOIN request ON request.id = facet.request_id",
		"facet.request_id", conditions, filter.Limit)
	return "SELECT payload " + query, args
}

func inStates(states []v1.State) []condition {
	if len(states) == 0 {
		return nil
	}
	args := make([]any, 0, len(states))
	for _, state := range states {
		args = append(args, string(state))
	}
	return []condition{{"request.state IN (?" + strings.Repeat(", ?", len(states)-1) + ")", args}}
}
