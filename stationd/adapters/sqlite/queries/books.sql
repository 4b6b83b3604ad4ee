-- name: last_event
SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1;

-- name: last_job
SELECT max(coalesce((SELECT max(seq) FROM job), 0), coalesce((SELECT max(seq) FROM card), 0));

-- name: balances
SELECT name, balance FROM blank_account;

-- name: insert_events
INSERT INTO event (seq, at, type, subject, data, hash) VALUES (?, ?, ?, ?, ?, ?);

-- name: insert_entries
INSERT INTO blank_entry (seq, at, source, target, quantity, cause, job, actor, note, detail, corrects, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_entry
SELECT seq, hash FROM blank_entry ORDER BY seq DESC LIMIT 1;

-- name: all_events
SELECT seq, at, type, subject, data, hash FROM event ORDER BY seq;

-- name: all_entries
SELECT seq, at, source, target, quantity, cause, job, actor, note, detail, hash FROM blank_entry ORDER BY seq;

-- name: hoppers
SELECT printer, balance FROM blank_hopper;

-- name: set_hopper
INSERT INTO blank_hopper (printer, balance) VALUES (?, ?)
ON CONFLICT (printer) DO UPDATE SET balance = excluded.balance;

-- name: set_day
INSERT INTO blank_day (day, last_entry, balances) VALUES (?, ?, ?)
ON CONFLICT (day) DO UPDATE SET last_entry = excluded.last_entry, balances = excluded.balances;

-- name: shift_balance
UPDATE blank_account SET balance = balance + ? WHERE name = ?;

-- name: add_tallies
INSERT INTO tally (name, label, value) VALUES (?, ?, ?)
ON CONFLICT (name, label) DO UPDATE SET value = value + excluded.value;

-- name: tallies
SELECT label, value FROM tally WHERE name = ?;

-- name: read_meta
SELECT value FROM meta WHERE key = ?;

-- name: write_meta
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: delete_meta
DELETE FROM meta WHERE key = ?;
