-- name: closing
SELECT day, last_entry, balances FROM blank_day WHERE day <= ? ORDER BY day DESC LIMIT 1;

-- name: first_closing
SELECT day, last_entry, balances FROM blank_day ORDER BY day LIMIT 1;

-- name: closings
SELECT day, last_entry, balances FROM blank_day ORDER BY day;

-- name: entries
SELECT e.seq, e.at, e.source, e.target, e.quantity, e.cause, e.job, e.actor, e.note, e.detail, c.seq
FROM blank_entry AS e LEFT JOIN blank_entry AS c ON c.corrects = e.seq
WHERE ?1 IS NULL OR e.seq < ?1 ORDER BY e.seq DESC LIMIT ?2;

-- name: entry
SELECT e.seq, e.at, e.source, e.target, e.quantity, e.cause, e.job, e.actor, e.note, e.detail, c.seq
FROM blank_entry AS e LEFT JOIN blank_entry AS c ON c.corrects = e.seq
WHERE e.seq = ?;

-- name: day_lines
SELECT cause, source, target, sum(quantity) FROM blank_entry WHERE seq > ? AND seq <= ?
GROUP BY cause, source, target ORDER BY min(seq);

-- name: day_entries
SELECT seq, at, source, target, quantity, cause, actor, note FROM blank_entry
WHERE seq > ? AND seq <= ? AND job IS NULL ORDER BY seq;

-- name: pack
SELECT number, quantity, first_serial, last_serial, state, received, opened, found FROM blank_pack WHERE number = ?;

-- name: packs
SELECT number, quantity, first_serial, last_serial, state, received, opened, found FROM blank_pack
WHERE number > ?1 AND (?2 IS NULL OR state = ?2) ORDER BY number LIMIT ?3;

-- name: packs_of
SELECT number, quantity, first_serial, last_serial, state, received, opened, found FROM blank_pack WHERE received = ?;

-- name: insert_packs
INSERT INTO blank_pack (number, quantity, first_serial, last_serial, state, received) VALUES (?, ?, ?, ?, ?, ?);

-- name: open_pack
UPDATE blank_pack SET state = 'opened', opened = ?, found = ? WHERE number = ? AND state = 'sealed';

-- name: drop_packs
DELETE FROM blank_pack WHERE received = ?;

-- name: serial
SELECT account FROM blank_serial WHERE serial = ?;

-- name: serial_told
SELECT account, entry FROM blank_serial WHERE serial = ?1
UNION ALL
SELECT CASE c.custody WHEN 'destroyed' THEN 'destroyed' ELSE 'issued' END, b.entry
FROM card_blank AS b JOIN card AS c ON c.seq = b.card WHERE b.serial = ?2
ORDER BY 2 DESC LIMIT 1;

-- name: place_serials
INSERT INTO blank_serial (serial, account, entry) VALUES (?, ?, ?)
ON CONFLICT (serial) DO UPDATE SET account = excluded.account, entry = excluded.entry;

-- name: drop_serial
DELETE FROM blank_serial WHERE serial = ?;

-- name: serials
SELECT serial, account FROM blank_serial;

-- name: pack_quantities
SELECT number, quantity FROM blank_pack;

-- name: waiting_count
SELECT seq, at, day, counted, book, actor, officer FROM blank_count WHERE state = 'waiting';

-- name: last_count
SELECT settled_at, difference, second FROM blank_count WHERE state = 'booked' ORDER BY seq DESC LIMIT 1;

-- name: insert_count
INSERT INTO blank_count (at, day, counted, book, actor, officer, second, state, difference, settled_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: settle_count
UPDATE blank_count SET state = ?, second = ?, difference = ?, settled_at = ? WHERE seq = ?;
