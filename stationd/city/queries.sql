-- The statements of the city's books, for PostgreSQL and SQLite alike; parameters are written :name.

-- name: set_version
INSERT INTO meta (name, value) VALUES ('version', :value);

-- name: version
SELECT value FROM meta WHERE name = 'version';

-- name: consumer
SELECT value FROM meta WHERE name = 'consumer';

-- name: set_consumer
INSERT INTO meta (name, value) VALUES ('consumer', :consumer) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: catching_up
SELECT value FROM meta WHERE name = 'catching_up';

-- name: catch_up
INSERT INTO meta (name, value) VALUES ('catching_up', '1') ON CONFLICT (name) DO NOTHING;

-- name: caught_up
DELETE FROM meta WHERE name = 'catching_up';

-- name: fence_base
SELECT value FROM meta WHERE name = 'fence_base';

-- name: set_fence_base
INSERT INTO meta (name, value) VALUES ('fence_base', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: highest_fence
SELECT COALESCE(MAX(fence), 0) FROM city_order;

-- name: orders_made
SELECT value FROM meta WHERE name = 'orders_made';

-- name: set_orders_made
INSERT INTO meta (name, value) VALUES ('orders_made', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: insert_station
INSERT INTO station (id, name, sign_key, seal_key, user_key, enrolled_at, hash)
VALUES (:station, :name, :sign_key, :seal_key, :user_key, :now, :hash) ON CONFLICT DO NOTHING;

-- name: set_user
UPDATE station SET user_key = :user_key WHERE id = :station;

-- name: stations
SELECT s.id, s.name, s.user_key, s.seq, s.heard_at, s.forked_at,
    (SELECT MAX(f.seq) FROM fact AS f WHERE f.station = s.id) AS highest
FROM station AS s ORDER BY s.id;

-- name: station
SELECT name, user_key FROM station WHERE id = :station;

-- name: station_key
SELECT sign_key FROM station WHERE id = :station;

-- name: seal_key
SELECT seal_key FROM station WHERE id = :station;

-- name: station_last
SELECT seq, hash FROM station WHERE id = :station;

-- name: station_forked
SELECT forked_at FROM station WHERE id = :station;

-- name: set_last
UPDATE station SET seq = :seq, hash = :hash, heard_at = :now WHERE id = :station;

-- name: set_forked
UPDATE station SET forked_at = COALESCE(forked_at, :now) WHERE id = :station;

-- name: mend_fork
UPDATE station SET forked_at = NULL, seq = :seq, hash = :hash WHERE id = :station;

-- name: revoke_user
INSERT INTO revoked_user (user_key, station, revoked_at) VALUES (:user_key, :station, :at)
ON CONFLICT (user_key) DO UPDATE SET revoked_at = excluded.revoked_at;

-- name: revoked_users
SELECT user_key, revoked_at FROM revoked_user ORDER BY user_key;

-- name: insert_fact
INSERT INTO fact (station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed)
VALUES (:station, :seq, :at, :type, :subject, :data, :hash, :particulars, :enclosed_to, :enclosed)
ON CONFLICT DO NOTHING;

-- name: insert_apart
INSERT INTO fact_apart (station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed)
VALUES (:station, :seq, :at, :type, :subject, :data, :hash, :particulars, :enclosed_to, :enclosed)
ON CONFLICT DO NOTHING;

-- name: fact
SELECT at, type, subject, data, hash, particulars, enclosed_to, enclosed FROM fact WHERE station = :station AND seq = :seq;

-- name: facts_after
SELECT seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed FROM fact
WHERE station = :station AND seq > :seq ORDER BY seq LIMIT :most;

-- name: facts_of
SELECT seq, at, type, subject, data, hash FROM fact WHERE station = :station ORDER BY seq;

-- name: empty_fact
UPDATE fact SET particulars = NULL, enclosed = NULL WHERE station = :station AND seq = :seq;

-- name: copy_apart
INSERT INTO fact_apart (station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed)
SELECT station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed FROM fact
WHERE station = :station AND seq >= :seq
ON CONFLICT DO NOTHING;

-- name: mark_fallen
UPDATE fact_apart SET is_fallen = 1 WHERE station = :station AND hash IN (
    SELECT f.hash FROM fact AS f WHERE f.station = :station AND f.seq >= :seq AND f.seq <= :last);

-- name: drop_fallen
DELETE FROM fact WHERE station = :station AND seq >= :seq;

-- name: apart_numbers
SELECT DISTINCT seq FROM fact_apart WHERE station = :station AND is_fallen = 0 ORDER BY seq;

-- name: apart_at
SELECT at, type, subject, data, hash FROM fact_apart
WHERE station = :station AND seq = :seq AND is_fallen = 0;

-- name: move_back
INSERT INTO fact (station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed)
SELECT station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed FROM fact_apart
WHERE station = :station AND seq = :seq AND hash = :hash;

-- name: drop_apart
DELETE FROM fact_apart WHERE station = :station AND seq = :seq AND hash = :hash;

-- name: move_all_back
INSERT INTO fact (station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed)
SELECT station, seq, at, type, subject, data, hash, particulars, enclosed_to, enclosed FROM fact_apart
WHERE station = :station AND seq > :seq AND is_fallen = 0 ON CONFLICT DO NOTHING;

-- name: drop_all_apart
DELETE FROM fact_apart WHERE station = :station AND seq > :seq AND is_fallen = 0;

-- name: apart
SELECT station, COUNT(*) FROM fact_apart GROUP BY station;

-- name: insert_card
INSERT INTO card (station, id, accepted_seq, kind, state, sent_as, changed_at)
VALUES (:station, :id, :seq, :kind, :state, :sent_as, :at)
ON CONFLICT DO NOTHING;

-- name: card
SELECT state, custody, transfer FROM card WHERE station = :station AND id = :id;

-- name: change_card
UPDATE card SET state = :state, custody = :custody, transfer = :transfer, changed_at = :at
WHERE station = :station AND id = :id;

-- name: set_particulars
UPDATE card SET order_ref = :order_ref, receipt = :receipt, holder = :holder, district = :district, village = :village
WHERE station = :station AND id = :id;

-- name: set_offer
UPDATE card SET offer = :offer WHERE station = :station AND id = :id;

-- name: offer_of_card
SELECT m.order_ref, m.fence FROM card AS c JOIN message AS m ON m.id = c.offer
WHERE c.station = :station AND c.id = :id;

-- name: order_of_card
SELECT order_ref FROM card WHERE station = :station AND id = :id;

-- name: live_cards
SELECT station FROM card WHERE order_ref = :order AND state <> 'cancelled' ORDER BY accepted_seq LIMIT 1;

-- name: printed_cards
SELECT station FROM card WHERE order_ref = :order AND state = 'printed' LIMIT 1;

-- name: forget_cards
DELETE FROM card WHERE station = :station AND accepted_seq > :seq;

-- name: forget_states
UPDATE card SET custody = NULL, transfer = NULL WHERE station = :station;

-- name: forget_blanks
DELETE FROM blank WHERE station = :station;

-- name: cards_of
SELECT id, state, custody FROM card WHERE station = :station ORDER BY id;

-- name: by_receipt
WITH RECURSIVE trail (id) AS (
    SELECT id FROM card WHERE receipt = :receipt UNION SELECT c.id FROM card AS c JOIN trail AS t ON c.sent_as = t.id)
SELECT c.station, s.name, c.state, c.custody, t.receiver, t.sent, c.changed_at
FROM card AS c JOIN station AS s ON s.id = c.station LEFT JOIN transfer AS t ON t.id = c.transfer
WHERE c.id IN (SELECT id FROM trail) ORDER BY c.changed_at, c.station;

-- name: blanks
SELECT received, at_hand, in_printers, printed, spoiled FROM blank WHERE station = :station;

-- name: set_blanks
INSERT INTO blank (station, received, at_hand, in_printers, printed, spoiled)
VALUES (:station, :received, :at_hand, :in_printers, :printed, :spoiled)
ON CONFLICT (station) DO UPDATE SET received = excluded.received, at_hand = excluded.at_hand,
    in_printers = excluded.in_printers, printed = excluded.printed, spoiled = excluded.spoiled;

-- name: issue_blanks
INSERT INTO blank_issue (id, station, quantity, note, at) VALUES (:id, :station, :quantity, :note, :now)
ON CONFLICT DO NOTHING;

-- name: blank_figures
SELECT s.id, COALESCE((SELECT SUM(i.quantity) FROM blank_issue AS i WHERE i.station = s.id), 0) AS issued,
    COALESCE(b.received, 0), COALESCE(b.at_hand, 0), COALESCE(b.in_printers, 0), COALESCE(b.printed, 0),
    COALESCE(b.spoiled, 0)
FROM station AS s LEFT JOIN blank AS b ON b.station = s.id ORDER BY s.id;

-- name: insert_order
INSERT INTO city_order (order_ref, kind, sealed, digest, hold, filed_at, changed_at)
VALUES (:order, :kind, :sealed, :digest, 'free', :now, :now);

-- name: order_digest
SELECT digest FROM city_order WHERE order_ref = :order;

-- name: order
SELECT kind, sealed, fence, station, hold, goes_to, is_ending FROM city_order WHERE order_ref = :order;

-- name: order_view
SELECT kind, station, fence, hold, outcome, told, goes_to, filed_at, changed_at FROM city_order WHERE order_ref = :order;

-- name: set_assignment
UPDATE city_order SET fence = :fence, station = :station, hold = :hold, outcome = :outcome,
    told = COALESCE(:told, told), asked_at = NULL, changed_at = :now,
    sealed = CASE WHEN :hold = 'settled' THEN NULL ELSE sealed END
WHERE order_ref = :order;

-- name: set_printed
UPDATE city_order SET outcome = 'printed', changed_at = :now WHERE order_ref = :order AND outcome = 'cancelled';

-- name: set_wish
UPDATE city_order SET goes_to = :goes_to, is_ending = :is_ending WHERE order_ref = :order;

-- name: set_told
UPDATE city_order SET told = :told, changed_at = :now WHERE order_ref = :order;

-- name: set_asked
UPDATE city_order SET asked_at = COALESCE(asked_at, :now) WHERE order_ref = :order;

-- name: granted
SELECT COUNT(*) FROM city_order WHERE station = :station AND hold IN ('granted', 'recalled');

-- name: asking
SELECT order_ref, fence FROM city_order
WHERE station = :station AND hold = 'offered' AND asked_at IS NOT NULL ORDER BY filed_at, order_ref LIMIT :most;

-- name: orders_at
SELECT order_ref, hold FROM city_order
WHERE station = :station AND hold IN ('offered', 'granted', 'recalled') ORDER BY filed_at, order_ref;

-- name: orders_open
SELECT order_ref FROM city_order WHERE hold IN ('offered', 'granted', 'recalled') ORDER BY filed_at, order_ref;

-- name: orders_free
SELECT order_ref, COALESCE(told, '') FROM city_order WHERE hold = 'free' ORDER BY filed_at, order_ref;

-- name: order_figures
SELECT hold, COUNT(*), MIN(changed_at) FROM city_order GROUP BY hold;

-- name: orders_by_station
SELECT hold, COALESCE(station, ''), COUNT(*) FROM city_order GROUP BY hold, station;

-- name: insert_message
INSERT INTO message (id, station, kind, order_ref, fence, body, made_at)
VALUES (:id, :station, :kind, :order_ref, :fence, :body, :now) ON CONFLICT DO NOTHING;

-- name: message
SELECT order_ref, fence, kind FROM message WHERE id = :id AND station = :station;

-- name: leave_said
SELECT id FROM message WHERE order_ref = :order AND fence = :fence AND kind = 'leave' LIMIT 1;

-- name: unsent
SELECT id, station, body FROM message WHERE sent_at IS NULL ORDER BY made_at, id LIMIT :most;

-- name: unsent_figures
SELECT COUNT(*), MIN(made_at) FROM message WHERE sent_at IS NULL;

-- name: set_sent
UPDATE message SET sent_at = :now, body = NULL WHERE id = :id;

-- name: set_transfer
INSERT INTO transfer (id, sender, receiver, cards, sent, received, at)
VALUES (:id, :sender, :receiver, :cards, :sent, :received, :at)
ON CONFLICT (id) DO UPDATE SET cards = COALESCE(excluded.cards, transfer.cards),
    sent = COALESCE(excluded.sent, transfer.sent), received = COALESCE(excluded.received, transfer.received),
    at = excluded.at;

-- name: trouble
INSERT INTO trouble (station, code, count, first_at, last_at) VALUES (:station, :code, :count, :now, :now)
ON CONFLICT (station, code) DO UPDATE SET count = trouble.count + excluded.count, last_at = excluded.last_at;

-- name: troubles
SELECT station, code, count, last_at FROM trouble ORDER BY station, code;

-- name: cards_twice
SELECT order_ref, COUNT(*) FROM card
WHERE order_ref IS NOT NULL AND custody IS NOT NULL AND state = 'printed'
GROUP BY order_ref HAVING COUNT(*) > 1 ORDER BY order_ref;

-- name: holders_twice
SELECT MIN(order_ref), COUNT(DISTINCT station) FROM card
WHERE holder IS NOT NULL AND state NOT IN ('cancelled', 'failed') AND kind = 'first'
GROUP BY holder HAVING COUNT(DISTINCT station) > 1 ORDER BY 1;

-- name: settled_without_card
SELECT o.order_ref, o.station FROM city_order AS o
WHERE o.outcome = 'printed' AND NOT EXISTS (
    SELECT 1 FROM card AS c LEFT JOIN message AS m ON m.id = c.offer
    WHERE (m.order_ref = o.order_ref OR c.order_ref = o.order_ref)
        AND c.state IN ('printed', 'uncertain', 'queued', 'printing'))
ORDER BY o.order_ref;

-- name: transfers_open
SELECT id, sender, receiver, sent, received, at FROM transfer
WHERE COALESCE(sent, '') <> COALESCE(received, '') AND COALESCE(sent, '') NOT IN ('cancelled') ORDER BY at;
