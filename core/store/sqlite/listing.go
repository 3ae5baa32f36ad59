package sqlite

import (
	"slices"
	"strings"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// A list is the newest of several parts, each of which follows one index in the order of the list. SQLite keeps no
// statistics here, so the parts say themselves where to begin.

// condition is a part of a WHERE clause and its arguments.
type condition struct {
	clause string
	args   []any
}

// part is where some of a list's requests come from.
type part struct {
	from, id   string
	conditions []condition
}

// listing builds the query for columns of the requests that a filter lets through.
func listing(columns string, filter core.RequestFilter) (string, []any) {
	var candidates []string
	var args []any
	for _, one := range parts(filter) {
		query, partArgs := one.newest("request.rowid", filter.Limit)
		candidates = append(candidates, "SELECT * FROM ("+query+")")
		args = append(args, partArgs...)
	}
	all := part{from: "request", id: "request.id", conditions: []condition{
		{"request.rowid IN (" + strings.Join(candidates, " UNION ALL ") + ")", args},
	}}
	return all.newest(columns, filter.Limit)
}

// newest reads columns of the newest requests of a part.
func (p part) newest(columns string, limit int) (string, []any) {
	clauses := make([]string, 0, len(p.conditions)+1)
	clauses = append(clauses, "TRUE")
	var args []any
	for _, c := range p.conditions {
		clauses = append(clauses, c.clause)
		args = append(args, c.args...)
	}
	query := "SELECT " + columns + " FROM " + p.from + " WHERE " + strings.Join(clauses, " AND ") +
		" ORDER BY " + p.id + " DESC LIMIT ?"
	return query, append(args, limited(limit))
}

func parts(filter core.RequestFilter) []part {
	if terms := searching(filter); len(terms) > 0 {
		return []part{search(filter, terms)}
	}
	states := filter.States
	if len(states) == 0 {
		states = v1.States()
	}
	wanted := wantedFacets(filter)
	switch {
	case filter.Involved != "":
		return involving(filter, states, wanted)
	case filter.Requester != "":
		return ofRequester(filter, states, wanted)
	case len(filter.States) == 0 && len(wanted) == 0:
		return []part{{"request", "request.id", before("request.id", filter)}}
	}
	found := resolved(filter, states, wanted)
	if slices.Contains(states, v1.StatePending) {
		found = append(found, pending(filter, wanted))
	}
	return found
}

func wantedFacets(filter core.RequestFilter) facets {
	wanted := facets{}
	if filter.Reviewer != "" {
		wanted = append(wanted, facet{facetReviewer, filter.Reviewer})
	}
	if filter.Role != "" {
		wanted = append(wanted, facet{facetRole, filter.Role})
	}
	return wanted
}

// ofRequester reads each state of a person's requests.
func ofRequester(filter core.RequestFilter, states []v1.State, wanted facets) []part {
	var found []part
	for _, state := range distinct(states) {
		conditions := []condition{
			{"request.requester = ? AND request.state = ?", []any{filter.Requester, string(state)}},
		}
		conditions = slices.Concat(conditions, before("request.id", filter), showing("request", wanted))
		found = append(found, part{"request INDEXED BY request_requester", "request.id", conditions})
	}
	return found
}

// pending looks through the pending requests.
func pending(filter core.RequestFilter, wanted facets) part {
	conditions := slices.Concat([]condition{{"request.state = 'PENDING'", nil}}, before("request.id", filter), showing("request", wanted))
	return part{"request INDEXED BY request_pending", "request.id", conditions}
}

// resolved follows a facet if one is wanted, the states otherwise.
func resolved(filter core.RequestFilter, states []v1.State, wanted facets) []part {
	ended := slices.DeleteFunc(distinct(states), func(s v1.State) bool { return s == v1.StatePending })
	switch {
	case len(ended) == 0:
		return nil
	case len(wanted) > 0:
		conditions := []condition{{"facet.kind = ? AND facet.value = ?", []any{wanted[0].kind, wanted[0].value}}}
		conditions = slices.Concat(conditions, before("facet.request_id", filter), inStates("request", ended), showing("request", wanted[1:]))
		return []part{{"request_facet facet CROSS JOIN request ON request.id = facet.request_id", "facet.request_id", conditions}}
	}
	found := make([]part, 0, len(ended))
	for _, state := range ended {
		conditions := []condition{{"request.state = ? AND request.state <> 'PENDING'", []any{string(state)}}}
		conditions = slices.Concat(conditions, before("request.id", filter))
		found = append(found, part{"request INDEXED BY request_resolved", "request.id", conditions})
	}
	return found
}

func distinct(states []v1.State) []v1.State {
	sorted := slices.Clone(states)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

func before(id string, filter core.RequestFilter) []condition {
	if filter.Before == "" {
		return nil
	}
	return []condition{{id + " < ?", []any{filter.Before}}}
}

// showing asks that a row of a table names facets.
func showing(table string, wanted facets) []condition {
	var conditions []condition
	for _, one := range wanted {
		conditions = append(conditions, condition{"instr(" + table + ".facets, ?) > 0", []any{one.String()}})
	}
	return conditions
}

func inStates(table string, states []v1.State) []condition {
	args := make([]any, 0, len(states))
	for _, state := range states {
		args = append(args, string(state))
	}
	return []condition{{table + ".state IN (?" + strings.Repeat(", ?", len(states)-1) + ")", args}}
}
