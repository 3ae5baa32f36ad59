-- +goose Up

-- A token can be the session of a browser, and says what device it was made on.
ALTER TABLE token ADD COLUMN browser INTEGER NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN device  TEXT    NOT NULL DEFAULT '';
