-- +goose Up

-- Credential is JSON: the public key, counters and flags.
CREATE TABLE passkey (
  id         TEXT    NOT NULL PRIMARY KEY,
  person     TEXT    NOT NULL REFERENCES person (name),
  title      TEXT    NOT NULL,
  created    INTEGER NOT NULL,
  last_used  INTEGER,
  credential BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_person ON passkey (person, created);
