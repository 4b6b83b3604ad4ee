-- Whose card it is, as a keyed hash, so that one person has one card in the making and one that holds; who waits for
-- blanks; the old cards that came back; and what changed the order of service.

ALTER TABLE job ADD COLUMN identity    BLOB;                                 -- keyed hash; NULL: from before this rule
ALTER TABLE job ADD COLUMN replaced_by INTEGER REFERENCES job (seq);         -- the printed job of the card that took its place

-- Only where the person has one job: what was taken before this rule cannot be undone by it.
UPDATE job SET identity = (SELECT substr(h.nik, 1, 16) FROM holder AS h WHERE h.job = job.seq)
WHERE state <> 'cancelled' AND 1 = (
    SELECT count(*) FROM holder AS h JOIN job AS j ON j.seq = h.job
    WHERE j.state <> 'cancelled' AND h.nik = (SELECT o.nik FROM holder AS o WHERE o.job = job.seq)
);

-- Two inequalities: a list of five states costs 13 us at every change of a job, these cost none that shows.
CREATE UNIQUE INDEX job_making ON job (identity) WHERE state <> 'printed' AND state <> 'cancelled';
CREATE UNIQUE INDEX job_standing ON job (identity) WHERE state = 'printed' AND replaced_by IS NULL;

-- The class of service is the rest of rank by four; 1 is the class to which the reserve of blanks is closed.
CREATE INDEX job_replacement ON job (rank) WHERE state = 'queued' AND (rank & 3) = 1;
CREATE INDEX job_rationed ON job (rank) WHERE state = 'deferred' AND reasons = 'blanks-short';

INSERT INTO tally (name, label, value) VALUES
    ('line', 'promised', (SELECT count(*) FROM job WHERE state IN ('queued', 'deferred') AND (rank & 3) <> 1)),
    ('line', 'replacement', (SELECT count(*) FROM job WHERE state = 'queued' AND (rank & 3) = 1)),
    ('line', 'rationed', 0);

-- Damaged cards that were surrendered for their replacement.
CREATE TABLE surrender (
    job   INTEGER PRIMARY KEY REFERENCES job (seq),
    at    INTEGER NOT NULL,
    actor TEXT    NOT NULL,
    card  TEXT    NOT NULL,                      -- how the old card is found again: never the NIK
    note  TEXT    NOT NULL
) STRICT;

-- Jumps and releases, so that whoever was overtaken can see it; never changed, only added to.
CREATE TABLE order_change (
    seq         INTEGER PRIMARY KEY,
    job         INTEGER NOT NULL REFERENCES job (seq),
    at          INTEGER NOT NULL,
    change      TEXT    NOT NULL CHECK (change IN ('moved_ahead', 'released')),
    rank_before INTEGER NOT NULL,
    rank_after  INTEGER NOT NULL,
    approval    INTEGER NOT NULL UNIQUE REFERENCES approval (seq)   -- none without two officers
) STRICT;

CREATE INDEX order_change_at ON order_change (at);
