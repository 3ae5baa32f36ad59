package sqlite

import "time"

// pruneBatch bounds how many rows of a kind one call of Prune deletes, so that it holds up other updates only shortly.
const pruneBatch = 1000

// Prune implements [core.Tx]. It deletes a bounded number of rows; call it again until it returns zero.
func (t *tx) Prune(before time.Time) (int64, error) {
	var total int64
	for _, query := range []string{
		// Rows stand in the order they came: everything before the first young one is old.
		`DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq < min(
			coalesce((SELECT min(seq) FROM unpublished), 9223372036854775807),
			coalesce((SELECT seq FROM outbox WHERE created >= ?1 ORDER BY seq LIMIT 1), 9223372036854775807))
			ORDER BY seq LIMIT ?2)`,
		`DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE rowid < coalesce(
			(SELECT rowid FROM idempotency WHERE created >= ?1 ORDER BY rowid LIMIT 1), 9223372036854775807)
			ORDER BY rowid LIMIT ?2)`,
		"DELETE FROM link_code WHERE hash IN (SELECT hash FROM link_code WHERE expires < ?1 LIMIT ?2)",
		"DELETE FROM token WHERE id IN (SELECT id FROM token WHERE expires < ?1 LIMIT ?2)",
		"DELETE FROM pause WHERE (plugin, destination) IN (SELECT plugin, destination FROM pause WHERE until < ?1 LIMIT ?2)",
	} {
		gone, err := t.exec(query, before.UnixMicro(), pruneBatch)
		if err != nil {
			return total, err
		}
		total += gone
	}
	return total, nil
}
