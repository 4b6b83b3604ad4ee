-- What was ever plugged in, under an identity that lasts over replug and restart.

CREATE TABLE device (
    identity      TEXT PRIMARY KEY,
    label         TEXT,                          -- given by an officer
    title         TEXT    NOT NULL,              -- what it calls itself
    vendor        TEXT    NOT NULL,
    product       TEXT    NOT NULL,
    serial        TEXT    NOT NULL,
    port          TEXT    NOT NULL,              -- where it is, or was when last seen
    node          TEXT,
    matcher       TEXT,                          -- what takes it; NULL: nothing
    is_present    INTEGER NOT NULL CHECK (is_present IN (0, 1)),
    plugs         INTEGER NOT NULL DEFAULT 1,    -- how often it came
    resets        INTEGER NOT NULL DEFAULT 0,    -- how often it came back before it counted as gone
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX device_gone ON device (last_seen_at) WHERE is_present = 0 AND label IS NULL;

-- Serials that more than one device carries, as vendor:product:serial; trusted never again.
CREATE TABLE device_shared_serial (
    serial TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
