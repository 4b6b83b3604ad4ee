-- name: insert_token
INSERT INTO token (name, role, hash, created_at, expires_at, paths) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: revoke_token
UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL;

-- name: token_by_hash
SELECT name, role, paths, expires_at FROM token WHERE hash = ? AND revoked_at IS NULL;

-- name: tokens
SELECT name, role, created_at, revoked_at, expires_at, paths FROM token ORDER BY created_at, name;

-- name: printer_marks
SELECT name, is_paused, is_drained, stopped_by FROM printer;

-- name: set_paused
INSERT INTO printer (name, is_paused, is_drained, paused_by) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused, is_drained = excluded.is_drained,
    paused_by = excluded.paused_by;

-- name: mend_printer
UPDATE printer SET spoils = 0, stopped_by = NULL WHERE name = ?;

-- name: set_spoils
INSERT INTO printer (name, spoils) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET spoils = excluded.spoils;

-- name: stop_printer
UPDATE printer SET stopped_by = ? WHERE name = ?;

-- name: pauses
SELECT scope FROM pause;

-- name: pause
INSERT INTO pause (scope, paused_by, at) VALUES (?, ?, ?) ON CONFLICT (scope) DO NOTHING;

-- name: resume
DELETE FROM pause WHERE scope = ?;
