-- name: devices
SELECT identity, label, title, vendor, product, serial, port, node, matcher, is_present, plugs, resets, first_seen_at,
       last_seen_at
FROM device ORDER BY is_present DESC, last_seen_at DESC, identity;

-- name: shared_serials
SELECT serial FROM device_shared_serial;

-- name: device_came
INSERT INTO device (identity, title, vendor, product, serial, port, node, matcher, is_present, first_seen_at,
                    last_seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (identity) DO UPDATE SET
    plugs = plugs + (is_present = 0), is_present = 1, title = excluded.title, serial = excluded.serial,
    port = excluded.port, node = excluded.node, matcher = excluded.matcher, last_seen_at = excluded.last_seen_at;

-- name: device_changed
UPDATE device SET title = ?, port = ?, node = ?, matcher = ?, resets = resets + ?, last_seen_at = ?
WHERE identity = ?;

-- name: device_gone
UPDATE device SET is_present = 0, node = NULL, last_seen_at = ? WHERE identity = ? AND is_present = 1;

-- name: device_was_present
SELECT is_present FROM device WHERE identity = ?;

-- name: label_device
UPDATE device SET label = ? WHERE identity = ?;

-- name: remember_shared
INSERT INTO device_shared_serial (serial) VALUES (?) ON CONFLICT DO NOTHING;

-- name: forget_devices
DELETE FROM device WHERE identity IN (
    SELECT identity FROM device WHERE is_present = 0 AND label IS NULL ORDER BY last_seen_at DESC LIMIT -1 OFFSET ?
);

-- name: forget_shared
DELETE FROM device_shared_serial WHERE serial NOT IN (SELECT serial FROM device_shared_serial ORDER BY serial LIMIT ?);

-- name: device_history
SELECT seq, at, type, subject, data FROM event
WHERE substr(type, 1, 7) IN ('device.', 'printer') AND subject = ? AND seq < ? ORDER BY seq DESC LIMIT ?;
