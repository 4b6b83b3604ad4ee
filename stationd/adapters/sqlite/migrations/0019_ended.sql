-- The state in which a job ended, printed or cancelled, once more in a column of its own, '' before: an index whose condition
-- reads a column is written at every change of it, and the state changes twice a card. Now a claim touches neither of
-- the two that keep orders and persons apart, and a finished card moves within one page of the second.
-- Where the column were ever forgotten, an order and a person would count as having a card in the making: nothing is doubled.
ALTER TABLE job ADD COLUMN ended TEXT NOT NULL DEFAULT '' CHECK (ended IN ('', state));

UPDATE job SET ended = state WHERE state IN ('printed', 'cancelled');

DROP INDEX job_order;
DROP INDEX job_making;
DROP INDEX job_standing;
CREATE UNIQUE INDEX job_order ON job (order_ref) WHERE ended <> 'cancelled';
CREATE UNIQUE INDEX job_person ON job (identity, ended) WHERE ended <> 'cancelled' AND replaced_by IS NULL;
