-- name: claim
INSERT INTO answer (caller, key, digest, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: kept
SELECT digest, status, body FROM answer WHERE caller = ? AND key = ?;

-- name: keep
UPDATE answer SET status = ?, body = ? WHERE caller = ? AND key = ?;

-- name: release
DELETE FROM answer WHERE caller = ? AND key = ? AND status IS NULL;

-- name: forget
DELETE FROM answer WHERE (caller, key) IN (SELECT caller, key FROM answer WHERE at < ? LIMIT ?);
