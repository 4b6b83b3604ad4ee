-- The keys that wrap the keys of sealed values, each sealed by the station key. Empty until the station key is changed
-- for the first time: until then they are derived from it. While it is being changed there is a set for each of two.
CREATE TABLE seal_key (
    station_key BLOB    NOT NULL,                -- check value of the station key that opens it
    generation  INTEGER NOT NULL,                -- 0: the key of the keyed hashes, which never changes
    wrapped     BLOB    NOT NULL,
    PRIMARY KEY (station_key, generation)
) STRICT, WITHOUT ROWID;

-- Who took a card for somebody else, until that is forgotten.
CREATE INDEX hand_over_proxy ON hand_over (seq) WHERE proxy IS NOT NULL;

-- Minutes are never edited; what is before their content is their wrapped key, which changes with the station key.
DROP TRIGGER minutes_unedited;
CREATE TRIGGER minutes_unedited
BEFORE UPDATE OF seq, id, at, kind, year, sequence, number, day, subject, hash ON minutes
BEGIN
    SELECT raise(ABORT, 'minutes that were drawn up are never edited');
END;
