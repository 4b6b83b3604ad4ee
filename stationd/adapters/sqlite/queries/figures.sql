-- name: oldest_queued
SELECT created_at FROM job
WHERE seq = (SELECT min(seq) FROM job INDEXED BY job_line WHERE state = 'queued');

-- name: oldest_job
SELECT created_at FROM job
WHERE seq = (SELECT min(seq) FROM job INDEXED BY job_aside WHERE state = ? AND state NOT IN ('queued', 'printed'));

-- name: oldest_card
SELECT min(since) FROM card INDEXED BY card_aside WHERE custody = ? AND custody <> 'handed_over';
