-- name: unplanned
SELECT card FROM notice_clock WHERE shelved_on IS NULL ORDER BY card LIMIT ?;

-- name: clocks_after
SELECT card FROM notice_clock WHERE card > ? ORDER BY card LIMIT ?;

-- name: clock
SELECT shelved_on, due, told, counted, transfer_on, trouble, fresh_after FROM notice_clock WHERE card = ?;

-- name: set_clock
UPDATE notice_clock SET shelved_on = ?, due = ?, told = ?, counted = ?, last_on = ?, transfer_on = ?, trouble = ?
WHERE card = ?;

-- name: history
SELECT seq, day, state FROM notice WHERE card = ? ORDER BY seq;

-- name: due
SELECT card FROM notice_clock WHERE due IS NOT NULL AND due <= ? ORDER BY due, told, card LIMIT ?;

-- name: count_due
SELECT count(*) FROM notice_clock WHERE due IS NOT NULL AND due <= ?;

-- name: count_clocks
SELECT count(*) FROM notice_clock;

-- name: count_trouble
SELECT trouble, count(*) FROM notice_clock
WHERE trouble IS NOT NULL AND (trouble <> 'unconfirmed' OR last_on <= ?) GROUP BY trouble;

-- name: due_for_transfer
SELECT t.card, coalesce(j.id, f.id) FROM notice_clock AS t LEFT JOIN job AS j ON j.seq = t.card
LEFT JOIN foreign_card AS f ON f.card = t.card
WHERE t.transfer_on IS NOT NULL AND t.transfer_on <= ? ORDER BY t.transfer_on, t.card LIMIT ?;

-- name: mark_due
UPDATE card SET due_since = ? WHERE seq = ? AND due_since IS NULL;

-- name: transfer_marked
UPDATE notice_clock SET transfer_on = NULL WHERE card = ?;

-- name: about
SELECT c.custody, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq WHERE c.seq = ?;

-- name: forgive
UPDATE notice_clock SET fresh_after = ? WHERE card = ?;

-- name: mended_number
SELECT sealed FROM notice_number WHERE card = ?;

-- name: mend_number
INSERT INTO notice_number (card, sealed) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET sealed = excluded.sealed;

-- name: last_seq
SELECT coalesce(max(seq), 0) FROM notice;

-- name: insert_notice
INSERT INTO notice (seq, id, card, day, way, state, number, actor, at, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: notice
SELECT id, card, day, way, state, number FROM notice WHERE seq = ? AND id = ?;

-- name: by_number
SELECT id FROM notice WHERE number = ?1 AND way = ?2 AND (reference = ?3 OR (?4 AND (reference IS NULL OR ?3 IS NULL)))
ORDER BY reference IS NULL, seq DESC LIMIT 1;

-- name: settle
UPDATE notice SET state = ?, reason = ?, reference = coalesce(?, reference), number = ?, settled_at = ? WHERE seq = ?;

-- name: withdraw
DELETE FROM notice WHERE seq = ?;

-- name: in_state
SELECT id FROM notice WHERE state = ? ORDER BY seq;

-- name: awaited
SELECT id, reference FROM notice WHERE state IN ('sent', 'unknown') AND way = ? AND at >= ?
    AND seq > (SELECT coalesce(max(seq), 0) - 2000 FROM notice)
ORDER BY seq DESC LIMIT ?;

-- name: begun_on
SELECT value FROM tally WHERE name = 'notices_begun' AND label = ?;

-- name: page
SELECT n.seq, n.id, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), n.day, n.way, n.state, n.reason, n.actor, n.at, n.settled_at
FROM notice AS n LEFT JOIN job AS j ON j.seq = n.card LEFT JOIN foreign_card AS f ON f.card = n.card
WHERE n.seq > ? ORDER BY n.seq LIMIT ?;

-- name: page_in_state
SELECT n.seq, n.id, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), n.day, n.way, n.state, n.reason, n.actor, n.at, n.settled_at
FROM notice AS n LEFT JOIN job AS j ON j.seq = n.card LEFT JOIN foreign_card AS f ON f.card = n.card
WHERE n.state = ? AND n.seq > ? ORDER BY n.seq LIMIT ?;

-- name: of_card
SELECT n.seq, n.id, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), n.day, n.way, n.state, n.reason, n.actor, n.at, n.settled_at
FROM notice AS n LEFT JOIN job AS j ON j.seq = n.card LEFT JOIN foreign_card AS f ON f.card = n.card
WHERE n.card = ? ORDER BY n.seq;

-- name: unreachable
SELECT t.card, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), f.origin, t.trouble, t.told, c.box, c.slot
FROM notice_clock AS t JOIN card AS c ON c.seq = t.card
LEFT JOIN job AS j ON j.seq = t.card LEFT JOIN foreign_card AS f ON f.card = t.card
WHERE t.trouble IS NOT NULL AND t.card > ? AND (t.trouble <> 'unconfirmed' OR t.last_on <= ?) ORDER BY t.card LIMIT ?;

-- name: waiting
SELECT t.card, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), f.origin
FROM notice_clock AS t LEFT JOIN job AS j ON j.seq = t.card LEFT JOIN foreign_card AS f ON f.card = t.card
ORDER BY t.card LIMIT ?;

-- name: happened
SELECT seq, at, type FROM event WHERE seq > ? ORDER BY seq LIMIT ?;

-- name: add_day
INSERT INTO day_count (day, what, count) VALUES (?, ?, ?)
ON CONFLICT (what, day) DO UPDATE SET count = max(0, count + excluded.count);

-- name: days
SELECT day, count FROM day_count WHERE what = ? AND day >= ?;
