package servicenow

import (
	"strings"

	"github.com/accede/accede/plugins"
)

// kinds of reference. A reference to a record begins with its table, so none of these may be one.
const (
	refCaller   = "-caller"
	refApproval = "-approval"
	refNote     = "-note"
	refNone     = "-none"
)

// ref is where something is: a record, what the requester has of it, an approval on it, or a note.
type ref struct {
	// kind is a table's name for a record.
	kind   string
	record string
	// approval is the row of an approval, key a note's, request what a requester asked for.
	approval, key, request string
}

func (r ref) encode() plugins.Ref {
	parts := []string{r.kind}
	for _, part := range []string{r.record, r.approval, r.key, r.request} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return plugins.Ref(strings.Join(parts, "/"))
}

func decodeRef(encoded plugins.Ref) (ref, error) {
	parts := strings.Split(string(encoded), "/")
	r := ref{kind: parts[0]}
	switch {
	case r.kind == refNone:
		return r, nil
	case r.kind == refCaller && len(parts) == 2 && checkKey(parts[1]) == nil:
		r.request = parts[1]
		return r, nil
	case len(parts) < 2 || !sysID.MatchString(parts[1]):
		return ref{}, errRef()
	}
	r.record = parts[1]
	switch {
	case r.kind == refApproval && len(parts) == 3 && sysID.MatchString(parts[2]):
		r.approval = parts[2]
	case r.kind == refNote && len(parts) == 3 && checkKey(parts[2]) == nil:
		r.key = parts[2]
	case len(parts) != 2 || !fieldName.MatchString(r.kind):
		return ref{}, errRef()
	}
	return r, nil
}

// isRecord says whether the reference is to a record of the table.
func (r ref) isRecord(table string) bool { return r.kind == table }

func errRef() error {
	return &plugins.Error{
		Op: "reading reference", Kind: plugins.Gone,
		Public: "The ledger's reference to the record is not one of ServiceNow's.",
	}
}

// personPlace begins the id of a destination that is a person; others are a table, and behind a slash a group.
const personPlace = "person/"

// place is a destination.
type place struct{ person, group string }

func (b *bot) placeOf(to plugins.Destination) (place, error) {
	if id, ok := strings.CutPrefix(to.ID, personPlace); ok && sysID.MatchString(id) {
		return place{person: id}, nil
	}
	table, group, _ := strings.Cut(to.ID, "/")
	if table != b.config.Table || group != "" && !sysID.MatchString(group) {
		return place{}, &plugins.Error{
			Op: "reading destination", Kind: plugins.NotFound,
			Public: "The destination belongs to another table than servicenow.table names.",
		}
	}
	return place{group: group}, nil
}
