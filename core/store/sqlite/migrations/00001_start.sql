-- +goose Up

-- A request is kept as the JSON that everybody sees, beside the columns that lists and timers look for. Times are
-- microseconds since 1970 UTC.
CREATE TABLE request (
  id        TEXT    NOT NULL UNIQUE,
  version   INTEGER NOT NULL,
  state     TEXT    NOT NULL,
  requester TEXT    NOT NULL,
  ask       TEXT    NOT NULL,
  updated   INTEGER NOT NULL,
  deadline  INTEGER,
  facets    TEXT    NOT NULL,
  payload   BLOB    NOT NULL
) STRICT;
CREATE INDEX request_requester ON request (requester, state, id);
CREATE INDEX request_deadline  ON request (deadline) WHERE deadline IS NOT NULL;

-- Pending requests are few: they are looked through in order, with their facets at hand. So a new request need not be
-- filed under each of its facets at once.
CREATE INDEX request_pending ON request (id, facets) WHERE state = 'PENDING';
CREATE INDEX request_ask     ON request (ask)        WHERE state = 'PENDING';

-- Resolved requests only gather.
CREATE INDEX request_resolved ON request (state, id)   WHERE state <> 'PENDING';
CREATE INDEX request_updated  ON request (updated, id) WHERE state <> 'PENDING';

-- What a resolved request can be found by besides its columns: its roles, and the people who reviewed it or were suggested.
CREATE TABLE request_facet (
  kind       TEXT NOT NULL,
  value      TEXT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (kind, value, request_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
  name          TEXT NOT NULL PRIMARY KEY,
  email_key     TEXT UNIQUE,
  password_hash TEXT NOT NULL,
  payload       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE role (
  name    TEXT NOT NULL PRIMARY KEY,
  payload BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
  only    INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO policy (only, version) VALUES (1, 0);

CREATE TABLE token (
  id        TEXT    NOT NULL PRIMARY KEY,
  hash      TEXT    NOT NULL UNIQUE,
  person    TEXT    NOT NULL REFERENCES person (name),
  title     TEXT    NOT NULL,
  created   INTEGER NOT NULL,
  expires   INTEGER,
  last_used INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_person ON token (person);

CREATE TABLE link (
  plugin     TEXT    NOT NULL,
  tenant     TEXT    NOT NULL,
  user       TEXT    NOT NULL,
  person     TEXT    NOT NULL REFERENCES person (name),
  created    INTEGER NOT NULL,
  created_by TEXT    NOT NULL,
  PRIMARY KEY (plugin, tenant, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_person ON link (person);

CREATE TABLE link_code (
  hash      TEXT    NOT NULL PRIMARY KEY,
  plugin    TEXT    NOT NULL,
  tenant    TEXT    NOT NULL,
  user      TEXT    NOT NULL,
  user_name TEXT    NOT NULL,
  expires   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin (
  name       TEXT    NOT NULL PRIMARY KEY,
  public_key TEXT    NOT NULL,
  button_key TEXT    NOT NULL,
  created    INTEGER NOT NULL,
  synced     INTEGER
) STRICT, WITHOUT ROWID;

-- due is when somebody has to look again: the next try, or the end of a lease. settled says that a card shows the last
-- version of a resolved request, or that the slot is none that follows versions.
CREATE TABLE delivery (
  id               TEXT    NOT NULL PRIMARY KEY,
  plugin           TEXT    NOT NULL,
  request_id       TEXT    NOT NULL,
  slot             TEXT    NOT NULL,
  destination      TEXT    NOT NULL,
  destination_name TEXT    NOT NULL,
  state            TEXT    NOT NULL,
  attempt          INTEGER NOT NULL,
  owner            TEXT    NOT NULL,
  lease_until      INTEGER,
  key              TEXT    NOT NULL,
  first_tried      INTEGER,
  unsure           INTEGER NOT NULL,
  ref              TEXT    NOT NULL,
  shown_version    INTEGER NOT NULL,
  last_error       TEXT    NOT NULL,
  last_kind        TEXT    NOT NULL,
  next_try         INTEGER,
  due              INTEGER,
  settled          INTEGER NOT NULL,
  UNIQUE (plugin, request_id, slot, destination)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_state ON delivery (plugin, state);
CREATE INDEX delivery_due   ON delivery (plugin, due) WHERE due IS NOT NULL;
CREATE INDEX delivery_open  ON delivery (plugin, request_id) WHERE settled = 0;

CREATE TABLE pause (
  plugin      TEXT    NOT NULL,
  destination TEXT    NOT NULL,
  until       INTEGER NOT NULL,
  PRIMARY KEY (plugin, destination)
) STRICT, WITHOUT ROWID;

-- Events in the order of their commits. Which of them still have to be published stands in a narrow table of its own, so
-- that marking a batch touches one page instead of every event.
CREATE TABLE outbox (
  seq        INTEGER NOT NULL PRIMARY KEY,
  id         TEXT    NOT NULL UNIQUE,
  subject    TEXT    NOT NULL,
  request_id TEXT    NOT NULL,
  created    INTEGER NOT NULL,
  body       BLOB    NOT NULL
) STRICT;
CREATE INDEX outbox_request ON outbox (request_id);

CREATE TABLE unpublished (
  seq INTEGER NOT NULL PRIMARY KEY
) STRICT;

CREATE TABLE action (
  id      TEXT    NOT NULL UNIQUE,
  plugin  TEXT    NOT NULL,
  created INTEGER NOT NULL,
  answer  BLOB    NOT NULL
) STRICT;

CREATE TABLE idempotency (
  person  TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  digest  TEXT    NOT NULL,
  status  INTEGER NOT NULL,
  created INTEGER NOT NULL,
  body    BLOB    NOT NULL,
  UNIQUE (person, key)
) STRICT;

CREATE TABLE audit (
  seq        INTEGER NOT NULL PRIMARY KEY,
  at         INTEGER NOT NULL,
  actor      TEXT    NOT NULL,
  action     TEXT    NOT NULL,
  request_id TEXT    NOT NULL,
  via        TEXT    NOT NULL,
  detail     BLOB    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER audit_keeps_entries BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit entries are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'audit entries are never changed');
END;
-- +goose StatementEnd

-- A replacing insert would delete without asking the first trigger.
-- +goose StatementBegin
CREATE TRIGGER audit_keeps_places BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
BEGIN
  SELECT RAISE(ABORT, 'audit entries are never replaced');
END;
-- +goose StatementEnd

CREATE TABLE relay (
  only           INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  stream_created INTEGER,
  last_sequence  INTEGER NOT NULL,
  epoch          INTEGER NOT NULL
) STRICT;
INSERT INTO relay (only, stream_created, last_sequence, epoch) VALUES (1, NULL, 0, 0);
