package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/accede/accede/core"
)

// Audit implements [core.Reader].
func (r *reader) Audit(filter core.AuditFilter) ([]core.AuditEntry, error) {
	clauses, args := []string{"TRUE"}, []any{}
	where := func(clause string, arg any) { clauses, args = append(clauses, clause), append(args, arg) }
	if filter.RequestID != "" {
		where("request_id = ?", filter.RequestID)
	}
	if filter.Actor != "" {
		where("actor = ?", filter.Actor)
	}
	if filter.Action != "" {
		where("action GLOB ?", glob(filter.Action))
	}
	if !filter.Since.IsZero() {
		where("at >= ?", filter.Since.UnixMicro())
	}
	if !filter.Until.IsZero() {
		where("at < ?", filter.Until.UnixMicro())
	}
	order, beyond := "DESC", "seq < ?"
	if filter.OldestFirst {
		order, beyond = "ASC", "seq > ?"
	}
	if filter.Cursor > 0 {
		where(beyond, filter.Cursor)
	}
	query := "SELECT seq, at, actor, identity, action, request_id, via, policy, detail FROM audit WHERE " +
		strings.Join(clauses, " AND ") + " ORDER BY seq " + order + " LIMIT ?"
	return many(r.session, readAuditEntry, query, append(args, limited(filter.Limit))...)
}

// glob lets a * stand for any characters, and everything else for itself.
func glob(pattern string) string {
	return strings.NewReplacer("[", "[[]", "?", "[?]").Replace(pattern)
}

func readAuditEntry(row scanner) (entry core.AuditEntry, err error) {
	var at sql.NullInt64
	var identity []byte
	err = row.Scan(&entry.Seq, &at, &entry.Actor, &identity, &entry.Action, &entry.RequestID, &entry.Via, &entry.Policy, &entry.Detail)
	if err != nil {
		return entry, err
	}
	entry.At = fromMicros(at)
	if identity == nil {
		return entry, nil
	}
	if err := json.Unmarshal(identity, &entry.Identity); err != nil {
		return entry, fmt.Errorf("decoding identity of audit entry %d: %w", entry.Seq, err)
	}
	return entry, nil
}

// AppendAudit implements [core.Tx].
func (t *tx) AppendAudit(entry core.AuditEntry) error {
	var identity []byte
	if entry.Identity != nil {
		var err error
		if identity, err = encode("identity", entry.Identity); err != nil {
			return err
		}
	}
	return t.do(`INSERT INTO audit (at, actor, identity, action, request_id, via, policy, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, entry.At.UnixMicro(), entry.Actor, identity, entry.Action, entry.RequestID, entry.Via,
		entry.Policy, blob(entry.Detail))
}
