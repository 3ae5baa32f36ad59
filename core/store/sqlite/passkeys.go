package sqlite

import (
	"database/sql"
	"time"

	"github.com/accede/accede/core"
)

const passkeyColumns = "SELECT id, person, title, created, last_used, credential FROM passkey WHERE " //nolint:gosec // a statement

func readPasskey(row scanner) (passkey core.PasskeyRecord, err error) {
	var created, used sql.NullInt64
	err = row.Scan(&passkey.ID, &passkey.Person, &passkey.Title, &created, &used, &passkey.Credential)
	passkey.Created, passkey.LastUsed = fromMicros(created), fromMicros(used)
	return passkey, err
}

// Passkey implements [core.PasskeyReader].
func (r *reader) Passkey(id string) (core.PasskeyRecord, error) {
	return one(r.session, readPasskey, passkeyColumns+"id = ?", id)
}

// Passkeys implements [core.PasskeyReader].
func (r *reader) Passkeys(person string) ([]core.PasskeyRecord, error) {
	return many(r.session, readPasskey, passkeyColumns+"person = ? ORDER BY created, id", person)
}

// InsertPasskey implements [core.PasskeyTx].
func (t *tx) InsertPasskey(passkey core.PasskeyRecord) error {
	return t.do("INSERT INTO passkey (id, person, title, created, last_used, credential) VALUES (?, ?, ?, ?, ?, ?)",
		passkey.ID, passkey.Person, passkey.Title, passkey.Created.UnixMicro(), micros(passkey.LastUsed), passkey.Credential)
}

// UsePasskey implements [core.PasskeyTx].
func (t *tx) UsePasskey(id string, credential []byte, used time.Time) error {
	return t.must("UPDATE passkey SET credential = ?, last_used = ? WHERE id = ?", credential, used.UnixMicro(), id)
}

// DeletePasskey implements [core.PasskeyTx].
func (t *tx) DeletePasskey(id string) error { return t.must("DELETE FROM passkey WHERE id = ?", id) }
