-- The book of blanks in full: hoppers, packs, serials, corrections, counts by two, balances of former days, minutes.

INSERT INTO blank_account (name, balance) VALUES ('loaded', 0);

-- What an entry says besides its figures, as canonical JSON; the entry's hash covers it where there is one.
ALTER TABLE blank_entry ADD COLUMN detail TEXT;
ALTER TABLE blank_entry ADD COLUMN corrects INTEGER REFERENCES blank_entry (seq);

-- An entry is corrected at most once.
CREATE UNIQUE INDEX blank_entry_corrected ON blank_entry (corrects) WHERE corrects IS NOT NULL;

CREATE TRIGGER blank_entry_unedited BEFORE UPDATE ON blank_entry
BEGIN
    SELECT raise(ABORT, 'an entry of the ledger is never edited');
END;

CREATE TRIGGER blank_entry_kept BEFORE DELETE ON blank_entry
BEGIN
    SELECT raise(ABORT, 'an entry of the ledger is never removed');
END;

-- What lies in the hopper of a printer; together they are the account `loaded`.
CREATE TABLE blank_hopper (
    printer TEXT PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (balance >= 0)
) STRICT, WITHOUT ROWID;

-- The balances at the end of each day on which something was booked; the last entry says up to where.
CREATE TABLE blank_day (
    day        TEXT PRIMARY KEY,                 -- of the office's own time zone
    last_entry INTEGER NOT NULL REFERENCES blank_entry (seq),
    balances   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO blank_day (day, last_entry, balances)
SELECT d.day, d.last_entry, (
    SELECT json_group_object(name, balance) FROM (
        SELECT a.name, coalesce(sum(CASE a.name WHEN e.target THEN e.quantity ELSE -e.quantity END), 0) AS balance
        FROM blank_account AS a
        LEFT JOIN blank_entry AS e ON e.seq <= d.last_entry AND a.name IN (e.source, e.target)
        GROUP BY a.name
    )
)
FROM (
    SELECT date(at / 1000, 'unixepoch', 'localtime') AS day, max(seq) AS last_entry FROM blank_entry GROUP BY 1
) AS d;

CREATE TABLE blank_pack (
    number       TEXT PRIMARY KEY,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    first_serial TEXT,
    last_serial  TEXT,
    state        TEXT    NOT NULL CHECK (state IN ('sealed', 'opened')),
    received     INTEGER NOT NULL REFERENCES blank_entry (seq),
    opened       INTEGER REFERENCES blank_entry (seq),
    found        INTEGER,
    CHECK ((first_serial IS NULL) = (last_serial IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX blank_pack_received ON blank_pack (received);

-- Where a blank was when its serial was last named: in one place.
CREATE TABLE blank_serial (
    serial  TEXT PRIMARY KEY,
    account TEXT    NOT NULL REFERENCES blank_account (name),
    entry   INTEGER NOT NULL REFERENCES blank_entry (seq)
) STRICT, WITHOUT ROWID;

-- Counts as people made them; the figure of one that waits is told to nobody.
CREATE TABLE blank_count (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    day     TEXT    NOT NULL,
    counted TEXT    NOT NULL,
    book    TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    officer TEXT    REFERENCES officer (number),
    second  TEXT    REFERENCES officer (number),
    state   TEXT    NOT NULL CHECK (state IN ('waiting', 'booked', 'differed', 'replaced', 'lapsed')),
    difference INTEGER,
    settled_at INTEGER,
    CHECK (second IS NULL OR (officer IS NOT NULL AND officer <> second)),
    CHECK ((state = 'booked') = (difference IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX blank_count_waiting ON blank_count (state) WHERE state = 'waiting';
CREATE INDEX blank_count_booked ON blank_count (seq) WHERE state = 'booked';

-- Minutes that were drawn up. Numbers are given once and never again; the content is sealed, for it names people.
CREATE TABLE minutes (
    seq      INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL,                   -- uuid7 that carries seq
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    year     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,                   -- from 1 each year
    number   TEXT    NOT NULL UNIQUE,
    day      TEXT    NOT NULL,
    subject  TEXT    NOT NULL,                   -- what they are about, such as an entry of the ledger
    sealed   BLOB    NOT NULL,
    hash     BLOB    NOT NULL,                   -- over the row before and this one
    UNIQUE (year, sequence)
) STRICT;

CREATE INDEX minutes_subject ON minutes (kind, subject, seq);

CREATE TRIGGER minutes_unedited BEFORE UPDATE ON minutes
BEGIN
    SELECT raise(ABORT, 'minutes that were drawn up are never edited');
END;

CREATE TRIGGER minutes_kept BEFORE DELETE ON minutes
BEGIN
    SELECT raise(ABORT, 'minutes that were drawn up are never removed');
END;

-- What a request for a second person will write into minutes, until it is settled: it names witnesses.
CREATE TABLE minutes_draft (
    key    TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    sealed BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
