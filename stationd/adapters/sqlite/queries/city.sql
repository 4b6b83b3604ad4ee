-- name: sent
SELECT seq FROM city_sent;

-- name: remember_sent
INSERT INTO city_sent (id, seq, at) VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at;

-- name: oldest_after
SELECT at FROM event WHERE seq > ? ORDER BY seq LIMIT 1;

-- name: holder_of
SELECT job.order_ref, job.receipt, holder.sealed, holder.district, holder.village
FROM job JOIN holder ON holder.job = job.seq WHERE job.seq = ? AND job.id = ?;

-- name: enclosed
SELECT peer, file, confirmation FROM transfer WHERE id = ?;
