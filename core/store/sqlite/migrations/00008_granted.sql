-- +goose Up

-- Whose access runs, or waits to. It leaves the index when it has ended.
CREATE INDEX request_granted ON request (requester, id) WHERE state <> 'PENDING' AND deadline IS NOT NULL;
