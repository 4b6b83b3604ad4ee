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

-- name: sealed_foreign_cards
SELECT card, id, sealed FROM foreign_card;

-- name: sealed_holders
SELECT h.job, j.id, h.sealed FROM holder AS h JOIN job AS j ON j.seq = h.job;

-- name: sealed_documents
SELECT d.job, j.id, d.sealed FROM document AS d JOIN job AS j ON j.seq = d.job;

-- name: sealed_officers
SELECT number, sealed FROM officer ORDER BY number;
