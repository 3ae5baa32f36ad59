package sqlite

import (
	"errors"
	"time"

	"github.com/accede/accede/core"
)

func readText(row scanner) (value string, err error) {
	err = row.Scan(&value)
	return value, err
}

// NotebookEntry implements [core.Reader].
func (r *reader) NotebookEntry(plugin, key string) (string, error) {
	value, err := one(r.session, readText, "SELECT value FROM notebook WHERE plugin = ? AND key = ?", plugin, key)
	if errors.Is(err, core.ErrNotFound) {
		return "", nil
	}
	return value, err
}

// SaveNotebookEntry implements [core.Tx].
func (t *tx) SaveNotebookEntry(plugin, key, value string, kept time.Time, most int) error {
	if value == "" {
		return t.do("DELETE FROM notebook WHERE plugin = ? AND key = ?", plugin, key)
	}
	err := t.do("REPLACE INTO notebook (plugin, key, value, kept) VALUES (?, ?, ?, ?)", plugin, key, value, kept.UnixMicro())
	if err != nil {
		return err
	}
	return t.do(`DELETE FROM notebook WHERE plugin = ?1 AND key IN
		(SELECT key FROM notebook WHERE plugin = ?1 ORDER BY kept DESC, key LIMIT -1 OFFSET ?2)`, plugin, most)
}
