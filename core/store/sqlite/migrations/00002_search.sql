-- +goose Up

-- What requests are searched by: the time they were made and their text in lower case, and what else a search may name.
-- A search reads through all of it, newest first; it is apart from the requests because it is a small part of them. The
-- next migration fills it.
CREATE TABLE request_search (
  id        TEXT    NOT NULL PRIMARY KEY,
  created   INTEGER NOT NULL,
  state     TEXT    NOT NULL,
  requester TEXT    NOT NULL,
  facets    TEXT    NOT NULL,
  words     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
