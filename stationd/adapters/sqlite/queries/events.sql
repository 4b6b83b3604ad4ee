-- name: hash_at
SELECT hash FROM event WHERE seq = ?;

-- name: events_after
SELECT seq, at, type, subject, data, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?;
