-- name: insert
INSERT INTO approval (seq, id, kind, subject, payload, reason, state, asked_by, first, asked_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?);

-- name: last
SELECT coalesce(max(seq), 0) FROM approval;

-- name: by_id
SELECT seq, id, kind, subject, payload, reason, state, asked_by, first, second, asked_at, expires_at, settled_at,
       settled_by
FROM approval WHERE seq = ? AND id = ?;

-- name: pending_of
SELECT seq, id, kind, subject, payload, reason, state, asked_by, first, second, asked_at, expires_at, settled_at,
       settled_by
FROM approval WHERE kind = ? AND subject = ? AND state = 'pending';

-- name: pending
SELECT seq, id, kind, subject, payload, reason, state, asked_by, first, second, asked_at, expires_at, settled_at,
       settled_by
FROM approval INDEXED BY approval_pending WHERE state = 'pending' ORDER BY seq;

-- name: page
SELECT seq, id, kind, subject, payload, reason, state, asked_by, first, second, asked_at, expires_at, settled_at,
       settled_by
FROM approval WHERE seq > ?1 AND (?2 IS NULL OR state = ?2) ORDER BY seq LIMIT ?3;

-- name: set_first
UPDATE approval SET first = ? WHERE seq = ? AND first IS NULL AND state = 'pending';

-- name: settle
UPDATE approval SET state = ?, second = ?, settled_at = ?, settled_by = ? WHERE seq = ? AND state = 'pending';
