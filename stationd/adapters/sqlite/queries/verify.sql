-- name: count_states
SELECT state, count(*) FROM job GROUP BY state;

-- name: open_without_question
SELECT a.job FROM attempt AS a JOIN job AS j ON j.seq = a.job
WHERE a.outcome IS NULL AND j.state NOT IN ('printing', 'uncertain');

-- name: question_without_open
SELECT j.seq FROM job AS j
WHERE j.state IN ('printing', 'uncertain')
  AND NOT EXISTS (SELECT 1 FROM attempt AS a WHERE a.job = j.seq AND a.outcome IS NULL);

-- name: printed_without_card
SELECT j.seq FROM job AS j
WHERE j.state = 'printed'
  AND NOT EXISTS (SELECT 1 FROM attempt AS a WHERE a.job = j.seq AND a.outcome = 'printed');

-- name: card_without_printed
SELECT a.job FROM attempt AS a JOIN job AS j ON j.seq = a.job WHERE a.outcome = 'printed' AND j.state <> 'printed';

-- name: ended_otherwise
SELECT seq FROM job WHERE ended <> CASE WHEN state IN ('printed', 'cancelled') THEN state ELSE '' END;

-- name: count_custody
SELECT custody, count(*) FROM card GROUP BY custody;

-- name: printed_without_custody
SELECT j.seq FROM job AS j WHERE j.state = 'printed' AND NOT EXISTS (SELECT 1 FROM card AS c WHERE c.seq = j.seq);

-- name: custody_without_printed
SELECT c.seq FROM card AS c
WHERE NOT EXISTS (SELECT 1 FROM job AS j WHERE j.seq = c.seq AND j.state = 'printed')
  AND NOT EXISTS (SELECT 1 FROM foreign_card AS f WHERE f.card = c.seq);

-- name: handed_over_unwritten
SELECT c.seq FROM card AS c
WHERE (c.custody = 'handed_over') <> EXISTS (SELECT 1 FROM hand_over AS h WHERE h.card = c.seq AND h.undone_at IS NULL);

-- name: away_unlisted
SELECT c.seq FROM card AS c
WHERE c.custody IN ('in_transit', 'transferred', 'missing')
  AND NOT EXISTS (SELECT 1 FROM transfer_card AS i WHERE i.transfer = c.transfer AND i.card = c.seq);

-- name: sealed_items
SELECT transfer || ':' || place, transfer || ':' || place, sealed FROM transfer_card WHERE sealed IS NOT NULL;

-- name: sealed_foreign_cards
SELECT card, id, sealed FROM foreign_card WHERE length(sealed) > 0;

-- name: sealed_proxies
SELECT seq, seq, proxy FROM hand_over WHERE proxy IS NOT NULL;

-- name: sealed_holders
SELECT h.job, j.id, h.sealed FROM holder AS h JOIN job AS j ON j.seq = h.job;

-- name: sealed_documents
SELECT d.job, j.id, d.sealed FROM document AS d JOIN job AS j ON j.seq = d.job;

-- name: sealed_officers
SELECT row_number() OVER (ORDER BY number), number, sealed FROM officer;

-- name: line_miscounted
SELECT w.place, coalesce(t.value, 0), w.counted FROM (
    SELECT 'promised' AS place,
           (SELECT count(*) FROM job WHERE state IN ('queued', 'deferred') AND (rank & 3) <> 1) AS counted
    UNION ALL SELECT 'replacement', (SELECT count(*) FROM job WHERE state = 'queued' AND (rank & 3) = 1)
    UNION ALL SELECT 'rationed', (
        SELECT count(*) FROM job WHERE state = 'deferred' AND reasons = 'blanks-short' AND (rank & 3) = 1
    )
) AS w LEFT JOIN tally AS t ON t.name = 'line' AND t.label = w.place
WHERE coalesce(t.value, 0) <> w.counted;

-- name: approvals_asked
SELECT a.seq, a.id, a.reason, a.payload, e.data,
       a.reason = '' AND a.settled_at < (
           SELECT max(json_extract(r.data, '$.before')) FROM event AS r
           WHERE r.type = 'retention.applied' AND json_extract(r.data, '$.class') = 'remarks'
       )
FROM approval AS a
LEFT JOIN event AS e ON e.subject = a.id AND e.type = 'approval.requested'
ORDER BY a.seq;

-- name: approvals_given
SELECT a.seq, a.first, a.second, e.data FROM approval AS a
LEFT JOIN event AS e ON e.subject = a.id AND e.type = 'approval.approved'
WHERE a.state = 'approved' ORDER BY a.seq;

-- name: moved_without_change
SELECT j.seq FROM job AS j WHERE (j.rank & 3) IN (2, 3)
    AND NOT EXISTS (SELECT 1 FROM order_change AS c WHERE c.job = j.seq);

-- name: shelved_without_clock
SELECT seq FROM card WHERE custody = 'on_shelf' AND seq NOT IN (SELECT card FROM notice_clock);

-- name: clock_without_shelf
SELECT t.card FROM notice_clock AS t JOIN card AS c ON c.seq = t.card WHERE c.custody <> 'on_shelf';

-- name: sealed_numbers
SELECT card, card, sealed FROM notice_number;

-- name: sealed_answers
SELECT row_number() OVER (ORDER BY at), caller || ':' || key, body FROM answer WHERE substr(body, 1, 4) = x'f5736431';
