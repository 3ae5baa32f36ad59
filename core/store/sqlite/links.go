package sqlite

import (
	"database/sql"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

const linkColumns = "SELECT plugin, tenant, user, person, created, created_by FROM link"

func readLink(row scanner) (link v1.Link, err error) {
	var created sql.NullInt64
	err = row.Scan(&link.Plugin, &link.Tenant, &link.User, &link.Person, &created, &link.CreatedBy)
	link.Created = fromMicros(created)
	return link, err
}

// Link implements [core.Reader].
func (r *reader) Link(identity v1.Identity) (v1.Link, error) {
	return one(r.session, readLink, linkColumns+" WHERE plugin = ? AND tenant = ? AND user = ?",
		identity.Plugin, identity.Tenant, identity.User)
}

// Links implements [core.Reader].
func (r *reader) Links(person string) ([]v1.Link, error) {
	if person == "" {
		return many(r.session, readLink, linkColumns+" ORDER BY plugin, tenant, user")
	}
	return many(r.session, readLink, linkColumns+" WHERE person = ? ORDER BY plugin, tenant, user", person)
}

// InsertLink implements [core.Tx].
func (t *tx) InsertLink(link v1.Link) error {
	return t.do("INSERT INTO link (plugin, tenant, user, person, created, created_by) VALUES (?, ?, ?, ?, ?, ?)",
		link.Plugin, link.Tenant, link.User, link.Person, link.Created.UnixMicro(), link.CreatedBy)
}

// DeleteLink implements [core.Tx].
func (t *tx) DeleteLink(identity v1.Identity) error {
	return t.must("DELETE FROM link WHERE plugin = ? AND tenant = ? AND user = ?",
		identity.Plugin, identity.Tenant, identity.User)
}

func readLinkCode(row scanner) (code core.LinkCode, err error) {
	var expires sql.NullInt64
	identity := &code.Identity
	err = row.Scan(&code.Hash, &identity.Plugin, &identity.Tenant, &identity.User, &code.UserName, &expires)
	code.Expires = fromMicros(expires)
	return code, err
}

// LinkCode implements [core.Reader].
func (r *reader) LinkCode(hash string) (core.LinkCode, error) {
	return one(r.session, readLinkCode,
		"SELECT hash, plugin, tenant, user, user_name, expires FROM link_code WHERE hash = ?", hash)
}

// SaveLinkCode implements [core.Tx].
func (t *tx) SaveLinkCode(code core.LinkCode) error {
	return t.do("REPLACE INTO link_code (hash, plugin, tenant, user, user_name, expires) VALUES (?, ?, ?, ?, ?, ?)",
		code.Hash, code.Identity.Plugin, code.Identity.Tenant, code.Identity.User, code.UserName, code.Expires.UnixMicro())
}

// DeleteLinkCode implements [core.Tx].
func (t *tx) DeleteLinkCode(hash string) error {
	return t.must("DELETE FROM link_code WHERE hash = ?", hash)
}
