-- name: sent
SELECT seq FROM city_sent;

-- name: remember_sent
INSERT INTO city_sent (id, seq, at) VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at;

-- name: oldest_after
SELECT at FROM event WHERE seq > ? ORDER BY seq LIMIT 1;

-- name: holder_of
SELECT job.order_ref, job.receipt, holder.sealed, holder.district, holder.village
FROM job JOIN holder ON holder.job = job.seq WHERE job.seq = ? AND job.id = ?;

-- name: enclosed
SELECT peer, file, confirmation FROM transfer WHERE id = ?;

-- name: held
SELECT fence, stage, floor, offer, recall, job FROM city_order WHERE order_ref = ?;

-- name: put_offer
INSERT INTO city_order (order_ref, fence, stage, floor, offer, message, at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (order_ref) DO UPDATE
SET fence = excluded.fence, stage = excluded.stage, offer = excluded.offer, message = excluded.message, job = NULL, at = excluded.at;

-- name: put_stage
UPDATE city_order SET stage = ?, at = ?, message = CASE ? WHEN 'granted' THEN message END WHERE order_ref = ?;

-- name: put_recall
INSERT INTO city_order (order_ref, fence, stage, floor, recall, is_kept, at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (order_ref) DO UPDATE
SET stage = excluded.stage, floor = excluded.floor, recall = excluded.recall, is_kept = excluded.is_kept, at = excluded.at,
    message = CASE excluded.stage WHEN 'granted' THEN message WHEN 'received' THEN message END;

-- name: put_job
UPDATE city_order SET job = ?, message = NULL WHERE order_ref = ? AND fence = ?;

-- name: due
SELECT order_ref, fence, offer, message FROM city_order WHERE message IS NOT NULL AND stage = 'granted' ORDER BY at LIMIT ?;

-- name: kept
SELECT order_ref, floor, COALESCE(recall, offer) FROM city_order WHERE is_kept = 1;

-- name: void_of_job
SELECT order_ref, floor, COALESCE(recall, offer) FROM city_order WHERE job = ? AND stage = 'granted' AND fence < floor;

-- name: doubt_leave
UPDATE city_order SET floor = max(floor, fence + 1), is_kept = 1, at = ? WHERE stage = 'granted'
AND job IN (SELECT seq FROM job WHERE state NOT IN ('printed', 'cancelled'));

-- name: withdraw_leave
UPDATE city_order SET stage = 'received', at = ? WHERE stage = 'granted' AND message IS NOT NULL;

-- name: let_go
UPDATE city_order SET is_kept = 0, stage = 'returned', message = NULL, at = ? WHERE order_ref = ?;

-- name: keep_no_more
UPDATE city_order SET is_kept = 0 WHERE order_ref = ?;

-- name: of_job
SELECT order_ref, fence, floor, offer FROM city_order WHERE job = ? AND stage = 'granted';

-- name: return_of_job
UPDATE city_order SET stage = 'returned', floor = max(floor, fence + 1), is_kept = 0, at = ? WHERE order_ref = ?;

-- name: live_job
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE order_ref = ? AND ended <> 'cancelled';
