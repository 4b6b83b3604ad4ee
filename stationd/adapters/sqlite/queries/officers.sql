-- name: officers
SELECT number, sealed, decree, region, valid_from, valid_until, added_on, revoked_at FROM officer ORDER BY number;

-- name: officer
SELECT sealed, revoked_at FROM officer WHERE number = ?;

-- name: insert_officer
INSERT INTO officer (number, sealed, decree, region, valid_from, valid_until, added_on) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET
    sealed = excluded.sealed, decree = excluded.decree, region = excluded.region, valid_from = excluded.valid_from,
    valid_until = excluded.valid_until, added_on = excluded.added_on, revoked_at = NULL
WHERE revoked_at IS NOT NULL;

-- name: revoke_officer
UPDATE officer SET revoked_at = ? WHERE number = ? AND revoked_at IS NULL;

-- name: failures
SELECT failures FROM sign_in WHERE who = ?;

-- name: count_failure
INSERT INTO sign_in (who, failures, is_known, at) VALUES (?, 1, ?, ?)
ON CONFLICT (who) DO UPDATE SET failures = failures + 1, is_known = excluded.is_known, at = excluded.at;

-- name: forget_failures
DELETE FROM sign_in WHERE who = ?;

-- name: forget_strangers
DELETE FROM sign_in WHERE who IN (SELECT who FROM sign_in WHERE is_known = 0 ORDER BY at DESC LIMIT -1 OFFSET ?);

-- name: insert_session
INSERT INTO session (hash, officer, expires_at) VALUES (?, ?, ?);

-- name: session
SELECT officer FROM session WHERE hash = ?;

-- name: sessions
SELECT hash, officer, expires_at FROM session ORDER BY expires_at;

-- name: sessions_of
SELECT hash FROM session WHERE officer = ?;

-- name: delete_session
DELETE FROM session WHERE hash = ?;

-- name: insert_duty
INSERT INTO duty (officer, session, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: duty_of_session
SELECT officer FROM duty WHERE session = ?;

-- name: delete_duty
DELETE FROM duty WHERE officer = ?;

-- name: on_duty
SELECT officer, session, since FROM duty ORDER BY since, officer;

-- name: insert_signatures
INSERT INTO city_signature (id, job) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: signature_used
SELECT j.id FROM city_signature AS s JOIN job AS j ON j.seq = s.job WHERE s.id = ?;

-- name: unsigned_jobs
SELECT count(*) FROM (
    SELECT seq FROM job WHERE state = 'queued'
    UNION ALL
    SELECT seq FROM job WHERE state NOT IN ('queued', 'printed') AND state <> 'cancelled'
) AS j WHERE NOT EXISTS (SELECT 1 FROM city_signature AS s WHERE s.job = j.seq);
