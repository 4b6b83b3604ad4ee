-- Requests of one person that a second must agree to, and what became of them; kept for ever.

CREATE TABLE approval (
    seq        INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,                 -- uuid7 that carries seq
    kind       TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    payload    TEXT    NOT NULL,                 -- canonical JSON; nothing of a person
    reason     TEXT    NOT NULL,                 -- its hash is on the event chain
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'declined', 'expired')),
    asked_by   TEXT    NOT NULL,
    first      TEXT    REFERENCES officer (number),
    second     TEXT    REFERENCES officer (number),
    asked_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    settled_at INTEGER,
    settled_by TEXT,
    CHECK (second IS NULL OR (first IS NOT NULL AND first <> second)),   -- two persons, never one
    CHECK ((state = 'approved') = (second IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX approval_pending ON approval (kind, subject) WHERE state = 'pending';
CREATE INDEX approval_subject ON approval (subject, seq);
