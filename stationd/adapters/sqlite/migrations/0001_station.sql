-- The station's books. Times are Unix milliseconds (UTC). A state that must not be is made impossible here, whatever
-- the code above believes: see the unique partial indexes and the CHECKs.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    seq        INTEGER PRIMARY KEY,              -- order of acceptance
    id         TEXT    NOT NULL,                 -- uuid7 that carries seq: found by it, without an index
    receipt    TEXT    NOT NULL UNIQUE,
    order_ref  TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('first', 'lost', 'damaged')),
    profile    TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('queued', 'deferred', 'printing', 'uncertain', 'printed', 'failed', 'cancelled')),
    reasons    TEXT    NOT NULL DEFAULT '',      -- keywords, separated by spaces
    rank       INTEGER NOT NULL,                 -- place in the line, lowest first
    tries      INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    printer    TEXT,
    evidence   TEXT,
    not_before INTEGER NOT NULL DEFAULT 0,       -- milliseconds of this run's monotonic clock; cleared at start
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- One live card an order: everything but a cancelled job holds its order.
CREATE UNIQUE INDEX job_order ON job (order_ref) WHERE state <> 'cancelled';
-- The line, and the jobs that wait for somebody: cost does not grow with history.
CREATE UNIQUE INDEX job_line ON job (rank, profile) WHERE state = 'queued';
CREATE INDEX job_aside ON job (state, seq) WHERE state NOT IN ('queued', 'printed');

-- Personal data, sealed, apart from the operational rows.
CREATE TABLE holder (
    job    INTEGER PRIMARY KEY REFERENCES job (seq),
    nik    BLOB NOT NULL,                        -- keyed hash
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE document (
    job        INTEGER PRIMARY KEY REFERENCES job (seq),
    media_type TEXT NOT NULL,
    sealed     BLOB NOT NULL
) STRICT;

-- Keys live for a week in a table of their own, so that accepting stays cheap however long the history is.
CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key    TEXT NOT NULL,
    job    INTEGER NOT NULL REFERENCES job (seq),
    digest BLOB NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    job         INTEGER NOT NULL REFERENCES job (seq),
    number      INTEGER NOT NULL,
    id          TEXT    NOT NULL,                -- uuid7 that carries both; the job's name at the device is made from it
    printer     TEXT    NOT NULL,
    remote_id   TEXT,                            -- NULL: no document can have left
    incarnation TEXT,
    counter     INTEGER,
    outcome     TEXT CHECK (outcome IN ('printed', 'nothing_printed', 'spoiled')),  -- NULL: open, or nobody knows
    reason      TEXT,
    evidence    TEXT,
    opened_at   INTEGER NOT NULL,
    settled_at  INTEGER,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX attempt_open ON attempt (job) WHERE outcome IS NULL;             -- one card in question at a time
CREATE UNIQUE INDEX attempt_printed ON attempt (job) WHERE outcome = 'printed';      -- one card a job, for ever

-- The ledger of blanks: double entry; the sum over all accounts is zero.
CREATE TABLE blank_account (
    name    TEXT PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (name = 'centre' OR balance >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO blank_account (name, balance) VALUES
    ('centre', 0), ('safe', 0), ('printer', 0), ('issued', 0), ('spoiled', 0), ('quarantined', 0), ('returned', 0),
    ('destroyed', 0), ('missing', 0);

CREATE TABLE blank_entry (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    source   TEXT    NOT NULL REFERENCES blank_account (name),
    target   TEXT    NOT NULL REFERENCES blank_account (name),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    cause    TEXT    NOT NULL,                   -- an entry kind, or the job event
    job      INTEGER REFERENCES job (seq),
    actor    TEXT    NOT NULL,
    note     TEXT    NOT NULL DEFAULT '',
    hash     BLOB    NOT NULL,                   -- over the row before and this one: an edited entry shows
    CHECK (source <> target)
) STRICT;

CREATE TABLE token (
    name       TEXT PRIMARY KEY,
    role       TEXT    NOT NULL CHECK (role IN ('kiosk', 'officer', 'admin', 'monitor')),
    hash       BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE printer (
    name      TEXT PRIMARY KEY,
    is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
    paused_by TEXT
) STRICT, WITHOUT ROWID;

-- Counts are kept, never counted.
CREATE TABLE tally (
    name  TEXT NOT NULL,
    label TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name, label)
) STRICT, WITHOUT ROWID;

-- The one source for streams, metrics, the city and the audit; each row carries the hash of the one before.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    type    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;
