-- name: due_holders
SELECT h.job FROM holder AS h JOIN job AS j ON j.seq = h.job LEFT JOIN card AS c ON c.seq = h.job
WHERE h.job > ?1 AND (
    (j.state = 'cancelled' AND j.updated_at < ?2)
    OR (c.custody IN ('handed_over', 'transferred', 'destroyed') AND c.since < ?2)
) ORDER BY h.job LIMIT ?3;

-- name: due_foreign
SELECT f.card FROM foreign_card AS f JOIN card AS c ON c.seq = f.card
WHERE f.card > ?1 AND length(f.sealed) > 0
  AND c.custody IN ('handed_over', 'transferred', 'destroyed') AND c.since < ?2
ORDER BY f.card LIMIT ?3;

-- name: due_lists
SELECT t.rowid FROM transfer AS t WHERE t.rowid > ?1 AND t.direction = 'in' AND coalesce(t.settled_at, t.at) < ?2
  AND EXISTS (SELECT 1 FROM transfer_card AS i WHERE i.transfer = t.id AND i.sealed IS NOT NULL)
ORDER BY t.rowid LIMIT ?3;

-- name: due_files
SELECT rowid FROM transfer WHERE rowid > ?1 AND length(file) > 0
  AND (settled_at < ?2 OR (direction = 'in' AND at < ?2))
ORDER BY rowid LIMIT ?3;

-- name: due_decisions
SELECT seq FROM decision WHERE seq > ?1 AND note <> '' AND at < ?2 ORDER BY seq LIMIT ?3;

-- name: due_surrenders
SELECT job FROM surrender WHERE job > ?1 AND note <> '' AND at < ?2 ORDER BY job LIMIT ?3;

-- name: due_reasons
SELECT seq FROM approval WHERE seq > ?1 AND reason <> '' AND settled_at < ?2 ORDER BY seq LIMIT ?3;

-- name: due_proxies
SELECT seq FROM hand_over WHERE seq > ?1 AND proxy IS NOT NULL AND at < ?2 ORDER BY seq LIMIT ?3;

-- name: forget_holder
DELETE FROM holder WHERE job = ?;

-- name: forget_foreign
UPDATE foreign_card SET sealed = x'' WHERE card = ?;

-- name: forget_list
UPDATE transfer_card SET sealed = NULL WHERE transfer = (SELECT id FROM transfer WHERE rowid = ?);

-- name: forget_file
UPDATE transfer SET file = x'' WHERE rowid = ?;

-- name: forget_judgement
UPDATE attempt SET reason = '' WHERE job = (SELECT job FROM decision WHERE seq = ?) AND evidence = 'officer';

-- name: forget_decision
UPDATE decision SET note = '' WHERE seq = ?;

-- name: forget_surrender
UPDATE surrender SET note = '' WHERE job = ?;

-- name: forget_reason
UPDATE approval SET reason = '' WHERE seq = ?;

-- name: forget_proxy
UPDATE hand_over SET proxy = NULL WHERE seq = ?;

-- name: forget_traces
DELETE FROM sign_in WHERE who IN (SELECT who FROM sign_in WHERE at < ? LIMIT ?);
