-- name: insert_jobs
INSERT INTO job (seq, id, receipt, order_ref, kind, profile, state, reasons, rank, identity, created_at, updated_at)
SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10, column11, column11
FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE v.column5 <> 'first' OR NOT EXISTS (
    SELECT 1 FROM job AS p INDEXED BY job_person
    WHERE p.identity = v.column10 AND p.ended = 'printed' AND p.ended <> 'cancelled' AND p.replaced_by IS NULL
)
ON CONFLICT DO NOTHING;

-- name: making_of
SELECT id FROM job INDEXED BY job_person
WHERE identity = ? AND ended = '' AND ended <> 'cancelled' AND replaced_by IS NULL;

-- name: standing_of
SELECT id FROM job INDEXED BY job_person
WHERE identity = ? AND ended = 'printed' AND ended <> 'cancelled' AND replaced_by IS NULL;

-- name: replace_standing
UPDATE job SET replaced_by = ?1
WHERE identity = (SELECT r.identity FROM job AS r WHERE r.seq = ?1)
    AND ended = 'printed' AND ended <> 'cancelled' AND replaced_by IS NULL;

-- name: stand_again
UPDATE job SET replaced_by = NULL
WHERE replaced_by = ?1 AND identity = (SELECT r.identity FROM job AS r WHERE r.seq = ?1);

-- name: follower_of
SELECT r.id FROM job AS p JOIN job AS r ON r.seq = p.replaced_by WHERE p.seq = ?1
UNION ALL
SELECT m.id FROM job AS p JOIN job AS m ON m.identity = p.identity
WHERE p.seq = ?1 AND m.seq <> p.seq AND m.ended = '' AND m.ended <> 'cancelled' AND m.replaced_by IS NULL
LIMIT 1;

-- name: set_rank
UPDATE job SET rank = ? WHERE seq = ?;

-- name: insert_surrenders
INSERT INTO surrender (job, at, actor, card, note) VALUES (?, ?, ?, ?, ?);

-- name: is_surrendered
SELECT 1 FROM surrender WHERE job = ?;

-- name: insert_keys
INSERT INTO idempotency (caller, key, job, digest, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_holders
INSERT INTO holder (job, nik, sealed, district, village) VALUES (?, ?, ?, ?, ?);

-- name: insert_documents
INSERT INTO document (job, media_type, sealed) VALUES (?, ?, ?);

-- name: by_key
SELECT job, digest FROM idempotency WHERE caller = ? AND key = ?;

-- name: live_by_order
SELECT id FROM job WHERE order_ref = ? AND ended <> 'cancelled';

-- name: by_seq
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE seq = ?;

-- name: by_id
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE seq = ? AND id = ?;

-- name: by_receipt
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE receipt = ?;

-- name: by_order
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE order_ref = ? AND ended <> 'cancelled';

-- name: receipt_exists
SELECT 1 FROM job WHERE receipt = ?;

-- name: next_in_line
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job INDEXED BY job_line WHERE state = 'queued' AND profile = ? AND not_before <= ? ORDER BY rank LIMIT ?;

-- name: next_in_line_unpaused
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job INDEXED BY job_line WHERE state = 'queued' AND profile = ? AND not_before <= ?
    AND kind NOT IN (SELECT substr(scope, 6) FROM pause WHERE scope LIKE 'kind:%')
ORDER BY rank LIMIT ?;

-- name: next_spared
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job INDEXED BY job_line WHERE state = 'queued' AND profile = ?1 AND not_before <= ?2 AND (rank & 3) <> 1
    AND (?4 OR kind NOT IN (SELECT substr(scope, 6) FROM pause WHERE scope LIKE 'kind:%'))
ORDER BY rank LIMIT ?3;

-- name: next_replacements
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job INDEXED BY job_replacement WHERE state = 'queued' AND (rank & 3) = 1 AND profile = ?1 AND not_before <= ?2
    AND (?4 OR kind NOT IN (SELECT substr(scope, 6) FROM pause WHERE scope LIKE 'kind:%'))
ORDER BY rank LIMIT ?3;

-- name: upcoming
SELECT rank, id FROM job INDEXED BY job_line
WHERE state = 'queued' AND profile = ? AND not_before <= ?
    AND kind NOT IN (SELECT substr(scope, 6) FROM pause WHERE scope LIKE 'kind:%')
ORDER BY rank LIMIT ?;

-- name: halts
SELECT scope FROM pause UNION ALL SELECT 'printer:' || name FROM printer WHERE stopped_by IS NOT NULL;

-- name: pauses_and_printers
SELECT scope, NULL, NULL FROM pause UNION ALL SELECT 'printer:' || name, spoils, stopped_by FROM printer;

-- name: next_due
SELECT min(not_before) FROM job WHERE state = 'queued' AND profile = ? AND not_before > ?;

-- name: update_jobs
UPDATE job
SET state = v.column2, reasons = v.column3, tries = v.column4, attempts = v.column5, printer = v.column6,
    evidence = v.column7, not_before = v.column8, updated_at = v.column9
FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE job.seq = v.column1;

-- name: end_jobs
UPDATE job
SET state = v.column2, reasons = v.column3, tries = v.column4, attempts = v.column5, printer = v.column6,
    evidence = v.column7, not_before = v.column8, updated_at = v.column9,
    ended = CASE WHEN v.column2 IN ('printed', 'cancelled') THEN v.column2 ELSE '' END
FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)) AS v
WHERE job.seq = v.column1;

-- name: insert_attempts
INSERT INTO attempt (job, number, id, printer, opened_at) VALUES (?, ?, ?, ?, ?);

-- name: open_attempts
UPDATE attempt
SET remote_id = v.column3, incarnation = v.column4, counter = v.column5
FROM (VALUES (?, ?, ?, ?, ?)) AS v
WHERE attempt.job = v.column1 AND attempt.number = v.column2 AND attempt.outcome IS NULL;

-- name: sent_attempts
UPDATE attempt SET sent_at = v.column3
FROM (VALUES (?, ?, ?)) AS v
WHERE attempt.job = v.column1 AND attempt.number = v.column2 AND attempt.outcome IS NULL;

-- name: settle_attempts
UPDATE attempt
SET outcome = v.column3, reason = v.column4, evidence = v.column5, settled_at = v.column6,
    sent_at = coalesce(sent_at, v.column7)
FROM (VALUES (?, ?, ?, ?, ?, ?, ?)) AS v
WHERE attempt.job = v.column1 AND attempt.number = v.column2 AND attempt.outcome IS NULL;

-- name: open_attempt_of
SELECT number, printer, reason FROM attempt WHERE job = ? AND outcome IS NULL;

-- name: is_open
SELECT 1 FROM attempt WHERE job = ? AND number = ? AND outcome IS NULL;

-- name: stops_in_a_row
SELECT count(*) FROM attempt WHERE job = ?1 AND number < ?2 AND number > coalesce((
    SELECT max(number) FROM attempt
    WHERE job = ?1 AND number < ?2 AND (outcome IS NOT 'nothing_printed' OR reason NOT LIKE 'stopped: %')
), 0);

-- name: document
SELECT media_type, sealed FROM document WHERE job = ?;

-- name: documents
SELECT job, media_type, sealed FROM document WHERE job IN (SELECT value FROM json_each(?));

-- name: all_open
SELECT a.id, a.number, a.printer, a.remote_id, a.incarnation, a.counter, a.opened_at, a.sent_at, a.reason,
       j.seq, j.id, j.receipt, j.order_ref, j.kind, j.profile, j.state, j.reasons, j.rank, j.tries, j.attempts, j.printer,
       j.evidence, j.not_before, j.created_at, j.updated_at
FROM attempt AS a JOIN job AS j ON j.seq = a.job
WHERE a.outcome IS NULL ORDER BY a.opened_at, a.job;

-- name: attempt_of_id
SELECT a.id, a.number, a.printer, a.remote_id, a.incarnation, a.counter, a.opened_at, a.sent_at, j.id, a.outcome
FROM attempt AS a JOIN job AS j ON j.seq = a.job WHERE a.job = ? AND a.id = ?;

-- name: in_question
SELECT id, number, printer, remote_id, incarnation, counter, opened_at, sent_at, reason FROM attempt
WHERE job = ? AND outcome IS NULL;

-- name: last_attempt
SELECT number, printer, outcome, evidence, settled_at FROM attempt WHERE job = ? ORDER BY number DESC LIMIT 1;

-- name: reopen_attempt
UPDATE attempt SET outcome = NULL, evidence = NULL, settled_at = NULL WHERE job = ? AND number = ?;

-- name: doubt_attempt
UPDATE attempt SET reason = ? WHERE job = ? AND number = ? AND outcome IS NULL;

-- name: all_unprinted
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE state IN ('queued', 'deferred', 'failed') ORDER BY rank;

-- name: insert_decision
INSERT INTO decision (job, at, decision, actor, note) VALUES (?, ?, ?, ?, ?);

-- name: decisions
SELECT at, decision, actor, note FROM decision WHERE job = ? ORDER BY seq DESC LIMIT 50;

-- name: page_all
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE seq > ? ORDER BY seq LIMIT ?;

-- name: page_printed
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE state = 'printed' AND seq > ? ORDER BY seq LIMIT ?;

-- name: page_queued
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE state = 'queued' AND rank > ? ORDER BY rank LIMIT ?;

-- name: page_aside
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE state = ? AND state NOT IN ('queued', 'printed') AND seq > ? ORDER BY seq LIMIT ?;

-- name: ranks
SELECT rank, profile FROM job WHERE state = 'queued' ORDER BY rank;

-- name: clear_delays
UPDATE job SET not_before = 0 WHERE state = 'queued' AND not_before > 0;

-- name: forget_keys
DELETE FROM idempotency WHERE caller = ? AND key = ? AND at < ?;

-- name: keys_after
SELECT caller, key, at FROM idempotency WHERE (caller, key) > (?, ?) ORDER BY caller, key LIMIT ?;

-- name: forget_documents
DELETE FROM document WHERE job IN (
    SELECT d.job FROM document AS d JOIN job AS j ON j.seq = d.job
    WHERE j.state IN ('printed', 'cancelled') AND j.updated_at < ?1 ORDER BY d.job LIMIT ?2
);
