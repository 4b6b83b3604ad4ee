-- name: last
SELECT seq, hash FROM minutes ORDER BY seq DESC LIMIT 1;

-- name: last_of_year
SELECT coalesce(max(sequence), 0) FROM minutes WHERE year = ?;

-- name: insert
INSERT INTO minutes (seq, id, at, kind, year, sequence, number, day, subject, sealed, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: page
SELECT seq, id, at, kind, number, day, subject FROM minutes
WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3;

-- name: by_seq
SELECT id, sealed FROM minutes WHERE seq = ?;

-- name: by_number
SELECT seq, id, at, kind, number, day, subject FROM minutes WHERE number = ?;

-- name: last_about
SELECT seq, id, at, kind, number, day, subject, sealed FROM minutes
WHERE kind = ? AND subject = ? ORDER BY seq DESC LIMIT 1;

-- name: all
SELECT seq, id, at, kind, year, sequence, number, day, subject, sealed, hash FROM minutes ORDER BY seq;

-- name: keep_draft
INSERT INTO minutes_draft (key, at, sealed) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET at = excluded.at, sealed = excluded.sealed;

-- name: draft
SELECT sealed FROM minutes_draft WHERE key = ?;

-- name: drop_draft
DELETE FROM minutes_draft WHERE key = ?;

-- name: drafts
SELECT count(*) FROM minutes_draft;

-- name: drop_old_drafts
DELETE FROM minutes_draft WHERE at < ?;
