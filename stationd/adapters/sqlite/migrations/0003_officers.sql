-- Officers, who of them signed in and is on duty, wrong PINs, and the city's signatures that were used.

CREATE TABLE officer (
    number      TEXT PRIMARY KEY CHECK (length(number) = 18),
    sealed      BLOB    NOT NULL,                -- name, and the hash of the PIN
    decree      TEXT    NOT NULL,
    region      TEXT    NOT NULL,
    valid_from  TEXT    NOT NULL,                -- ISO dates; the last day counts
    valid_until TEXT    NOT NULL CHECK (valid_until >= valid_from),
    added_on    TEXT    NOT NULL,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    hash       BLOB    PRIMARY KEY,
    officer    TEXT    NOT NULL REFERENCES officer (number),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE duty (
    officer TEXT PRIMARY KEY REFERENCES officer (number),
    session BLOB NOT NULL REFERENCES session (hash) ON DELETE CASCADE,
    since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Wrong PINs in a row, by keyed hash of the number that was typed, whether it is an officer's or nobody's: the two
-- must look, cost and wait alike.
CREATE TABLE sign_in (
    who      BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    is_known INTEGER NOT NULL CHECK (is_known IN (0, 1)),
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The city's signatures, each good for one job; kept for ever.
CREATE TABLE city_signature (
    id  TEXT PRIMARY KEY,
    job INTEGER NOT NULL UNIQUE REFERENCES job (seq)
) STRICT, WITHOUT ROWID;
