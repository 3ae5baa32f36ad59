package sqlite

import (
	"slices"
	"strings"

	v1 "github.com/accede/accede/api/v1"
)

// Kinds of facet.
const (
	facetRole     = "role"
	facetReviewer = "reviewer"
)

// facet is something a request can be found by.
type facet struct{ kind, value string }

// facets are a request's, sorted and distinct.
type facets []facet

func facetsOf(request v1.Request) facets {
	found := make(facets, 0, len(request.Roles)+len(request.SuggestedReviewers)+len(request.Reviews))
	for _, role := range request.Roles {
		found = append(found, facet{facetRole, role})
	}
	for _, person := range request.SuggestedReviewers {
		found = append(found, facet{facetReviewer, person.Name})
	}
	for _, review := range request.Reviews {
		found = append(found, facet{facetReviewer, review.Author.Name})
	}
	slices.SortFunc(found, compareFacets)
	return slices.Compact(found)
}

func compareFacets(a, b facet) int {
	if a.kind != b.kind {
		return strings.Compare(a.kind, b.kind)
	}
	return strings.Compare(a.value, b.value)
}

// Names may hold neither separator: they are control characters.
const (
	unitSeparator   = "\x1f"
	recordSeparator = "\x1e"
)

// String is the facets as they stand in their request's row.
func (f facets) String() string {
	var b strings.Builder
	for _, one := range f {
		b.WriteString(one.String())
	}
	return b.String()
}

// String is the facet as it stands among others: nothing but itself can match it there.
func (f facet) String() string {
	return recordSeparator + f.kind + unitSeparator + f.value + recordSeparator
}

func parseFacets(text string) facets {
	var found facets
	for record := range strings.SplitSeq(text, recordSeparator) {
		if kind, value, ok := strings.Cut(record, unitSeparator); ok {
			found = append(found, facet{kind, value})
		}
	}
	return found
}

// fileFacets files a request under its facets, and takes it out from under those it has lost.
func (t *tx) fileFacets(requestID string, old, found facets) error {
	for _, one := range old {
		if slices.Contains(found, one) {
			continue
		}
		err := t.do("DELETE FROM request_facet WHERE kind = ? AND value = ? AND request_id = ?", one.kind, one.value, requestID)
		if err != nil {
			return err
		}
	}
	for _, one := range found {
		if slices.Contains(old, one) {
			continue
		}
		err := t.do("INSERT INTO request_facet (kind, value, request_id) VALUES (?, ?, ?)", one.kind, one.value, requestID)
		if err != nil {
			return err
		}
	}
	return nil
}
