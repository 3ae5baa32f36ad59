package sqlite

import (
	"slices"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// involving reads what somebody has asked, and what they have reviewed or were suggested for.
func involving(filter core.RequestFilter, states []v1.State, wanted facets) []part {
	person := filter.Involved
	var found []part
	if filter.Requester == "" || filter.Requester == person {
		own := filter
		own.Requester = person
		found = ofRequester(own, states, wanted)
	}
	reviewed := append(facets{{facetReviewer, person}}, wanted...)
	var by []condition
	if filter.Requester != "" {
		by = []condition{{"request.requester = ?", []any{filter.Requester}}}
	}
	others := resolved(filter, states, reviewed)
	if slices.Contains(states, v1.StatePending) {
		others = append(others, pending(filter, reviewed))
	}
	for _, one := range others {
		one.conditions = append(one.conditions, by...)
		found = append(found, one)
	}
	return found
}

// concerning asks that somebody has asked, reviewed or was suggested.
func concerning(table, person string) condition {
	clause := "(" + table + ".requester = ? OR instr(" + table + ".facets, ?) > 0)"
	return condition{clause, []any{person, facet{facetReviewer, person}.String()}}
}
