-- name: tables
SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name DESC;

-- name: events_after
SELECT seq, at, type, subject, data, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?;
