-- name: insert_token
INSERT INTO token (name, role, hash, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: revoke_token
UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL;

-- name: token_by_hash
SELECT name, role FROM token WHERE hash = ? AND revoked_at IS NULL;

-- name: tokens
SELECT name, role, created_at, revoked_at FROM token ORDER BY created_at, name;

-- name: paused_printers
SELECT name FROM printer WHERE is_paused = 1;

-- name: set_paused
INSERT INTO printer (name, is_paused, paused_by) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused, paused_by = excluded.paused_by;
