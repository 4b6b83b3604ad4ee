-- name: ring
SELECT generation, wrapped FROM seal_key WHERE station_key = ? ORDER BY generation;

-- name: has_ring
SELECT 1 FROM sqlite_schema WHERE name = 'seal_key';

-- name: has_rows
SELECT 1 FROM seal_key LIMIT 1;

-- name: insert_ring
INSERT INTO seal_key (station_key, generation, wrapped) VALUES (?, ?, ?);

-- name: drop_ring_of
DELETE FROM seal_key WHERE station_key = ?;

-- name: drop_rings_but
DELETE FROM seal_key WHERE station_key <> ?;

-- name: drop_generations
DELETE FROM seal_key WHERE generation <> 0 AND generation < ?;

-- name: newest
SELECT max(generation) FROM seal_key;

-- name: tables
SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name;

-- name: columns
SELECT name, type, pk FROM pragma_table_info(?) ORDER BY pk;

-- name: generations
SELECT count(DISTINCT generation) FROM seal_key WHERE generation <> 0;
