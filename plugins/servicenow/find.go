package servicenow

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/accede/accede/plugins"
)

// Find looks a record up by correlation_id, and a note by the key at its end. ServiceNow's database answers with what was
// written before.
func (b *bot) Find(ctx context.Context, at plugins.Destination, search plugins.Search) (plugins.Ref, bool, error) {
	if search.Parent != "" {
		return b.findNote(ctx, search)
	}
	to, err := b.placeOf(at)
	if err != nil || to.person != "" {
		return "", false, err // asking somebody again finds the approval that is there
	}
	known, found, err := b.record(ctx, search.Key)
	if err != nil || !found {
		return "", false, err
	}
	return known.encode(), true, nil
}

// record looks a record up by the delivery's key. correlation_id need not be unique: of several the oldest counts.
func (b *bot) record(ctx context.Context, key string) (ref, bool, error) {
	if err := checkKey(key); err != nil {
		return ref{}, false, err
	}
	rows, _, err := b.api.ask(ctx, question{
		op: "looking up record", table: b.config.Table,
		clauses: []string{is("correlation_id", key), "ORDERBYsys_created_on", "ORDERBYsys_id"},
		fields:  []string{"sys_id", "number", "correlation_id"}, limit: 10,
	})
	if err != nil {
		return ref{}, false, err
	}
	var ours []row
	for _, r := range rows {
		if r.get("correlation_id") == key && r.id() != "" {
			ours = append(ours, r)
		}
	}
	if len(ours) == 0 {
		return ref{}, false, nil
	}
	if len(ours) > 1 {
		b.log.Warn("several records have the same correlation_id; the oldest counts", "record", oneLine(ours[0].get("number"), maxName),
			"count", len(ours))
	}
	return ref{kind: b.config.Table, record: ours[0].id()}, true, nil
}

// checkKey keeps anything but an id out of queries.
func checkKey(key string) error {
	if parsed, err := uuid.Parse(key); err == nil && parsed.String() == key {
		return nil
	}
	return &plugins.Error{
		Op: "looking up record", Kind: plugins.Invalid,
		Public: "The delivery's key is no UUID; please report this as a fault of the plugin.",
	}
}

func (b *bot) findNote(ctx context.Context, search plugins.Search) (plugins.Ref, bool, error) {
	parent, err := decodeRef(search.Parent)
	if err != nil {
		return "", false, err
	}
	j, there, err := b.journalOf(ctx, parent)
	if err != nil || !there {
		return "", false, err
	}
	if err := checkKey(search.Key); err != nil {
		return "", false, err
	}
	found, err := b.noted(ctx, j.table, j.record, j.field, search.Key)
	if err != nil || !found {
		return "", false, err
	}
	return ref{kind: refNote, record: j.record, key: search.Key}.encode(), true, nil
}

const journalTable = "sys_journal_field"

// noted says whether a journal of a record holds an entry with that key.
func (b *bot) noted(ctx context.Context, table, record, journal, key string) (bool, error) {
	if b.config.ReadNotes == NotesDisplay {
		return b.displayed(ctx, table, record, journal, key)
	}
	rows, _, err := b.api.ask(ctx, question{
		op: "looking up note", table: journalTable,
		clauses: []string{is("element_id", record), is("element", journal), "valueLIKE" + key},
		fields:  []string{"sys_id", "element_id", "value"},
	})
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if r.get("element_id") == record && strings.Contains(r.get("value"), seal(key)) {
			return true, nil
		}
	}
	return false, nil
}

// displayed reads the journal through the record, whose display values show all entries.
func (b *bot) displayed(ctx context.Context, table, record, journal, key string) (bool, error) {
	rows, _, err := b.api.ask(ctx, question{
		op: "looking up note", table: table, clauses: []string{is("sys_id", record)},
		fields: []string{"sys_id", journal}, limit: 1, display: true,
	})
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if r.id() == record {
			return strings.Contains(r.get(journal), seal(key)), nil
		}
	}
	return false, gone()
}
