-- +goose Up

-- An entry says which vendor account spoke for the actor (JSON) and which version of the roles held.
ALTER TABLE audit ADD COLUMN identity BLOB;
ALTER TABLE audit ADD COLUMN policy INTEGER NOT NULL DEFAULT 0;
CREATE INDEX audit_request ON audit (request_id);
CREATE INDEX audit_actor   ON audit (actor);
