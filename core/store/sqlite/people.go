package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

// emailKey is the form of an address by which it is unique.
func emailKey(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

func readPerson(row scanner) (person core.PersonRecord, err error) {
	var payload []byte
	if err = row.Scan(&payload, &person.PasswordHash); err != nil {
		return person, err
	}
	if err = json.Unmarshal(payload, &person.Person); err != nil {
		return person, fmt.Errorf("decoding stored person: %w", err)
	}
	return person, nil
}

// Person implements [core.Reader].
func (r *reader) Person(nameOrEmail string) (core.PersonRecord, error) {
	const columns = "SELECT payload, password_hash FROM person WHERE "
	person, err := one(r.session, readPerson, columns+"name = ?", nameOrEmail)
	if !errors.Is(err, core.ErrNotFound) {
		return person, err
	}
	return one(r.session, readPerson, columns+"email_key = ?", emailKey(nameOrEmail))
}

// People implements [core.Reader].
func (r *reader) People() ([]v1.Person, error) {
	return many(r.session, readPayload[v1.Person], "SELECT payload FROM person ORDER BY name")
}

// SavePerson implements [core.Tx].
func (t *tx) SavePerson(person core.PersonRecord) error {
	payload, err := encode("person", person.Person)
	if err != nil {
		return err
	}
	return t.do(`INSERT INTO person (name, email_key, password_hash, payload) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET email_key = excluded.email_key, password_hash = excluded.password_hash,
		payload = excluded.payload`, person.Name, text(emailKey(person.Email)), person.PasswordHash, payload)
}

// Role implements [core.Reader].
func (r *reader) Role(name string) (v1.Role, error) {
	return one(r.session, readPayload[v1.Role], "SELECT payload FROM role WHERE name = ?", name)
}

// Roles implements [core.Reader].
func (r *reader) Roles() ([]v1.Role, error) {
	return many(r.session, readPayload[v1.Role], "SELECT payload FROM role ORDER BY name")
}

// PolicyVersion implements [core.Reader].
func (r *reader) PolicyVersion() (int64, error) {
	return one(r.session, readInt, "SELECT version FROM policy")
}

// SaveRole implements [core.Tx].
func (t *tx) SaveRole(role v1.Role) error {
	payload, err := encode("role", role)
	if err != nil {
		return err
	}
	err = t.do(`INSERT INTO role (name, payload) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET payload = excluded.payload`, role.Metadata.Name, payload)
	if err != nil {
		return err
	}
	return t.raisePolicy()
}

// DeleteRole implements [core.Tx].
func (t *tx) DeleteRole(name string) error {
	if err := t.must("DELETE FROM role WHERE name = ?", name); err != nil {
		return err
	}
	return t.raisePolicy()
}

func (t *tx) raisePolicy() error { return t.do("UPDATE policy SET version = version + 1") }

const tokenColumns = "SELECT id, person, title, created, expires, last_used, browser, device FROM token" //nolint:gosec // column names

func readToken(row scanner) (token v1.Token, err error) {
	var created, expires, used sql.NullInt64
	err = row.Scan(&token.ID, &token.Person, &token.Title, &created, &expires, &used, &token.Browser, &token.Device)
	token.Created, token.Expires, token.LastUsed = fromMicros(created), fromMicros(expires), fromMicros(used)
	return token, err
}

// TokenByHash implements [core.Reader].
func (r *reader) TokenByHash(hash string) (v1.Token, error) {
	return one(r.session, readToken, tokenColumns+" WHERE hash = ?", hash)
}

// Tokens implements [core.Reader].
func (r *reader) Tokens(person string) ([]v1.Token, error) {
	if person == "" {
		return many(r.session, readToken, tokenColumns+" ORDER BY id")
	}
	return many(r.session, readToken, tokenColumns+" WHERE person = ? ORDER BY id", person)
}

// InsertToken implements [core.Tx].
func (t *tx) InsertToken(token v1.Token, hash string) error {
	return t.do(`INSERT INTO token (id, hash, person, title, created, expires, last_used, browser, device)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, token.ID, hash, token.Person, token.Title, token.Created.UnixMicro(),
		micros(token.Expires), micros(token.LastUsed), token.Browser, token.Device)
}

// TouchToken implements [core.Tx].
func (t *tx) TouchToken(id string, used time.Time) error {
	return t.must("UPDATE token SET last_used = ? WHERE id = ?", used.UnixMicro(), id)
}

// DeleteToken implements [core.Tx].
func (t *tx) DeleteToken(id string) error { return t.must("DELETE FROM token WHERE id = ?", id) }
