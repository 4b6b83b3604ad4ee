-- name: insert_cards
INSERT INTO card (seq, custody, since, printed_at) VALUES (?, 'printed', ?, ?);

-- name: take_back
DELETE FROM card WHERE seq = ? AND custody = ?;

-- name: custody_of
SELECT custody FROM card WHERE seq = ?;

-- name: insert_foreign
INSERT INTO card (seq, custody, since, printed_at, district, village, transfer) VALUES (?, 'received', ?, ?, ?, ?, ?);

-- name: insert_foreign_about
INSERT INTO foreign_card (card, id, receipt, order_ref, kind, origin, sealed) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: by_id
SELECT c.seq, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), coalesce(j.order_ref, f.order_ref),
       coalesce(j.kind, f.kind), c.custody, c.since, c.printed_at, c.box, c.slot, c.district, c.village, c.transfer,
       c.due_since, f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq
WHERE c.seq = ?1 AND (j.id = ?2 OR f.id = ?2);

-- name: by_seq
SELECT c.seq, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), coalesce(j.order_ref, f.order_ref),
       coalesce(j.kind, f.kind), c.custody, c.since, c.printed_at, c.box, c.slot, c.district, c.village, c.transfer,
       c.due_since, f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq
WHERE c.seq = ?;

-- name: page_all
SELECT c.seq, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), coalesce(j.order_ref, f.order_ref),
       coalesce(j.kind, f.kind), c.custody, c.since, c.printed_at, c.box, c.slot, c.district, c.village, c.transfer,
       c.due_since, f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq
WHERE c.seq > ? ORDER BY c.seq LIMIT ?;

-- name: page_handed_over
SELECT c.seq, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), coalesce(j.order_ref, f.order_ref),
       coalesce(j.kind, f.kind), c.custody, c.since, c.printed_at, c.box, c.slot, c.district, c.village, c.transfer,
       c.due_since, f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq
WHERE c.custody = 'handed_over' AND c.seq > ? ORDER BY c.seq LIMIT ?;

-- name: page_aside
SELECT c.seq, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), coalesce(j.order_ref, f.order_ref),
       coalesce(j.kind, f.kind), c.custody, c.since, c.printed_at, c.box, c.slot, c.district, c.village, c.transfer,
       c.due_since, f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq
WHERE c.custody = ? AND c.custody <> 'handed_over' AND (c.since, c.seq) > (?, ?)
ORDER BY c.since, c.seq LIMIT ?;

-- name: page_village
SELECT c.seq, coalesce(j.id, f.id), coalesce(j.receipt, f.receipt), coalesce(j.order_ref, f.order_ref),
       coalesce(j.kind, f.kind), c.custody, c.since, c.printed_at, c.box, c.slot, c.district, c.village, c.transfer,
       c.due_since, f.origin
FROM card AS c LEFT JOIN job AS j ON j.seq = c.seq LEFT JOIN foreign_card AS f ON f.card = c.seq
WHERE c.custody = 'on_shelf' AND c.village = ? AND (c.since, c.seq) > (?, ?)
ORDER BY c.since, c.seq LIMIT ?;

-- name: update_card
UPDATE card SET custody = ?, since = ?, box = ?, slot = ?, transfer = ?, due_since = ? WHERE seq = ?;

-- name: set_residence
UPDATE card SET (district, village) = (SELECT district, village FROM holder WHERE job = card.seq) WHERE seq = ?;

-- name: slot_taken
SELECT seq FROM card WHERE slot IS NOT NULL AND box = ? AND slot = ? AND seq <> ?;

-- name: holder_of
SELECT h.sealed, j.id FROM holder AS h JOIN job AS j ON j.seq = h.job WHERE h.job = ?;

-- name: foreign_holder_of
SELECT sealed, id FROM foreign_card WHERE card = ?;

-- name: restore_holder
INSERT INTO holder (job, nik, sealed, district, village) VALUES (?, ?, ?, ?, ?) ON CONFLICT (job) DO NOTHING;

-- name: restore_foreign
UPDATE foreign_card SET sealed = ? WHERE card = ? AND length(sealed) = 0;

-- name: insert_words
INSERT INTO card_word (word, card) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: forget_words
DELETE FROM card_word WHERE card = ?;

-- name: with_word
SELECT card FROM card_word WHERE word = ?1 AND card IN (SELECT card FROM card_word WHERE word = ?2)
ORDER BY card LIMIT ?3;

-- name: has_word
SELECT 1 FROM card_word WHERE word = ? AND card = ?;

-- name: insert_hand_over
INSERT INTO hand_over (card, at, actor, document, relation, is_old_card_given, proxy) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: last_hand_over
SELECT coalesce(max(seq), 0) FROM hand_over;

-- name: standing_hand_over
SELECT seq, at FROM hand_over WHERE card = ? AND undone_at IS NULL;

-- name: undo_hand_over
UPDATE hand_over SET undone_at = ?, undone_by = ? WHERE seq = ?;

-- name: hand_overs
SELECT at, actor, document, relation, is_old_card_given, undone_at FROM hand_over WHERE card = ? ORDER BY seq DESC LIMIT 20;

-- name: job_by_receipt
SELECT seq, id, receipt, order_ref, kind, profile, state, reasons, rank, tries, attempts, printer, evidence, not_before,
       created_at, updated_at
FROM job WHERE receipt = ?;

-- name: foreign_by_receipt
SELECT card FROM foreign_card WHERE receipt = ?;

-- name: peer_name_of
SELECT peer_name FROM transfer WHERE id = ?;

-- name: keep_blank
INSERT INTO card_blank (card, serial, entry) VALUES (?, ?, (SELECT coalesce(max(seq), 0) FROM blank_entry))
ON CONFLICT (card) DO UPDATE SET serial = excluded.serial, entry = excluded.entry;

-- name: made_of
SELECT j.id FROM card_blank AS b JOIN job AS j ON j.seq = b.card WHERE b.serial = ?;
