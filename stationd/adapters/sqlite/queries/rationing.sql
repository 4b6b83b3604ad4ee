-- name: to_defer
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job INDEXED BY job_replacement WHERE state = 'queued' AND (rank & 3) = 1 ORDER BY rank DESC LIMIT ?;

-- name: to_admit
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job INDEXED BY job_rationed WHERE state = 'deferred' AND reasons = 'blanks-short' ORDER BY rank LIMIT ?;

-- name: rationed_before
SELECT count(*) FROM job INDEXED BY job_rationed WHERE state = 'deferred' AND reasons = 'blanks-short' AND rank < ?;

-- name: insert_change
INSERT INTO order_change (job, at, change, rank_before, rank_after, approval) VALUES (?, ?, ?, ?, ?, ?);

-- name: changes_since
SELECT count(DISTINCT job) FROM order_change
WHERE at >= ?1 AND change = 'moved_ahead' AND rank_before > ?2 AND job <> ?3 AND at <= ?4;

-- name: is_changed
SELECT change FROM order_change WHERE job = ? ORDER BY seq DESC LIMIT 1;

-- name: by_name
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE receipt = ?1
UNION ALL
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE order_ref = ?1 AND ended <> 'cancelled'
LIMIT 1;

-- name: history
SELECT label, value FROM tally WHERE name = ?1 AND CAST(label AS INTEGER) > ?2;

-- name: forget_history
DELETE FROM tally WHERE name IN ('firsts_by_day', 'received_by_day') AND CAST(label AS INTEGER) < ?;
