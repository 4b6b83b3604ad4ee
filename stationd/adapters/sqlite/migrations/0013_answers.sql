-- What was answered to a request with an idempotency key: NULL while it is carried out, and after a crash for good.
CREATE TABLE answer (
    caller TEXT NOT NULL,
    key    TEXT NOT NULL,
    digest BLOB NOT NULL,                        -- of method, path and body
    status INTEGER,
    body   BLOB,
    at     INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_age ON answer (at);
