-- How far the event table has been sent to the city; the table itself is the outbox.
CREATE TABLE city_sent (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL CHECK (seq >= 0),           -- the city has this event and all before it
    at  INTEGER NOT NULL
) STRICT;
