-- name: due
SELECT district, count(*), min(due_since) FROM card
WHERE custody = 'on_shelf' AND due_since IS NOT NULL GROUP BY district ORDER BY district;

-- name: due_cards
SELECT seq FROM card
WHERE custody = 'on_shelf' AND due_since IS NOT NULL AND district IN (SELECT value FROM json_each(?))
ORDER BY district, box, slot, seq LIMIT ?;

-- name: shelved_cards
SELECT seq FROM card
WHERE custody = 'on_shelf' AND custody <> 'handed_over' AND district IN (SELECT value FROM json_each(?))
ORDER BY district, box, slot, seq LIMIT ?;

-- name: insert
INSERT INTO transfer (id, direction, number, peer, peer_name, state, cards, made_at, at, actor, file)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- name: set_minutes
UPDATE transfer SET minutes = ? WHERE id = ?;

-- name: insert_items
INSERT INTO transfer_card (transfer, place, sender_id, receipt, card, state, sealed, nik) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_extra
INSERT INTO transfer_extra (transfer, receipt, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: read
SELECT t.id, t.direction, t.state, t.number, t.peer, t.peer_name, t.cards,
       (SELECT count(*) FROM transfer_card AS i WHERE i.transfer = t.id AND i.state = 'arrived'),
       (SELECT count(*) FROM transfer_card AS i WHERE i.transfer = t.id AND i.state = 'missing'),
       (SELECT count(*) FROM transfer_extra AS e WHERE e.transfer = t.id),
       t.revision, t.made_at, t.at, t.settled_at
FROM transfer AS t WHERE t.id = ?;

-- name: page
SELECT t.id, t.direction, t.state, t.number, t.peer, t.peer_name, t.cards,
       (SELECT count(*) FROM transfer_card AS i WHERE i.transfer = t.id AND i.state = 'arrived'),
       (SELECT count(*) FROM transfer_card AS i WHERE i.transfer = t.id AND i.state = 'missing'),
       (SELECT count(*) FROM transfer_extra AS e WHERE e.transfer = t.id),
       t.revision, t.made_at, t.at, t.settled_at
FROM transfer AS t WHERE (?1 IS NULL OR t.state = ?1) AND (t.at, t.id) > (?2, ?3) ORDER BY t.at, t.id LIMIT ?4;

-- name: items
SELECT place, sender_id, receipt, state, card FROM transfer_card WHERE transfer = ? ORDER BY place;

-- name: items_with_ids
SELECT i.place, i.sender_id, i.receipt, i.state, coalesce(j.id, f.id)
FROM transfer_card AS i LEFT JOIN job AS j ON j.seq = i.card LEFT JOIN foreign_card AS f ON f.card = i.card
WHERE i.transfer = ? ORDER BY i.place;

-- name: item_by_place
SELECT place, sender_id, receipt, state, card, sealed FROM transfer_card WHERE transfer = ? AND place = ?;

-- name: item_by_receipt
SELECT place, sender_id, receipt, state, card, sealed FROM transfer_card WHERE transfer = ? AND receipt = ?;

-- name: item_by_nik
SELECT place, sender_id, receipt, state, card, sealed FROM transfer_card
WHERE transfer = ? AND nik = ? AND nik IS NOT NULL ORDER BY state = 'arrived', place LIMIT 1;

-- name: sealed_items
SELECT place, receipt, state, card, sealed FROM transfer_card WHERE transfer = ? ORDER BY place;

-- name: set_items
UPDATE transfer_card SET state = ? WHERE transfer = ? AND sender_id = ?;

-- name: set_unscanned_missing
UPDATE transfer_card SET state = 'missing' WHERE transfer = ? AND state = 'sent';

-- name: set_all_returned
UPDATE transfer_card SET state = 'returned' WHERE transfer = ?;

-- name: set_arrived
UPDATE transfer_card SET state = 'arrived', card = ?, sealed = NULL WHERE transfer = ? AND place = ?;

-- name: extras
SELECT receipt FROM transfer_extra WHERE transfer = ? ORDER BY at, receipt;

-- name: set_state
UPDATE transfer SET state = ?, settled_at = ? WHERE id = ?;

-- name: set_confirmed
UPDATE transfer SET state = ?, settled_at = ?, revision = ?, confirmation = ? WHERE id = ?;

-- name: minutes
SELECT minutes FROM transfer WHERE id = ?;

-- name: file
SELECT file FROM transfer WHERE id = ? AND direction = 'out' AND length(file) > 0;

-- name: confirmation
SELECT confirmation FROM transfer WHERE id = ?;

-- name: counts
SELECT direction, state, count(*) FROM transfer GROUP BY direction, state;
