-- +goose Up

-- What plugins have learned from their vendors and cannot ask for again.
CREATE TABLE notebook (
	plugin TEXT    NOT NULL,
	key    TEXT    NOT NULL,
	value  TEXT    NOT NULL,
	kept   INTEGER NOT NULL,
	PRIMARY KEY (plugin, key)
) WITHOUT ROWID;
CREATE INDEX notebook_kept ON notebook (plugin, kept);
