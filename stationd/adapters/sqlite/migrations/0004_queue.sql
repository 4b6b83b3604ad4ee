-- What holds the queue, and what people decided about jobs.

ALTER TABLE printer ADD COLUMN is_drained INTEGER NOT NULL DEFAULT 0 CHECK (is_drained IN (0, 1));
ALTER TABLE printer ADD COLUMN spoils     INTEGER NOT NULL DEFAULT 0;   -- blanks spoiled in a row
ALTER TABLE printer ADD COLUMN stopped_by TEXT;                         -- the breaker's reason; a person resumes it

CREATE TABLE pause (
    scope     TEXT PRIMARY KEY CHECK (scope IN ('queue', 'kind:first', 'kind:lost', 'kind:damaged')),
    paused_by TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Holds, releases and verdicts, with what the person wrote; never changed, only added to.
CREATE TABLE decision (
    seq      INTEGER PRIMARY KEY,
    job      INTEGER NOT NULL REFERENCES job (seq),
    at       INTEGER NOT NULL,
    decision TEXT    NOT NULL,
    actor    TEXT    NOT NULL,
    note     TEXT    NOT NULL
) STRICT;

CREATE INDEX decision_job ON decision (job);
