-- Telling holders that their cards are there. Days are counted as Python's date.toordinal() does, by the trusted calendar.

-- The clock of each card on the shelf, and of no other: what falls due next.
CREATE TABLE notice_clock (
    card        INTEGER PRIMARY KEY REFERENCES card (seq),
    shelved_on  INTEGER,                         -- NULL: not looked at yet
    due         INTEGER,                         -- from which day the next notice may go out; NULL: none will
    told        INTEGER NOT NULL DEFAULT 0,      -- notices that may have reached the holder
    counted     INTEGER NOT NULL DEFAULT 0,      -- those that count
    last_on     INTEGER,
    fresh_after INTEGER NOT NULL DEFAULT 0,      -- the last notice before the number was mended: failures up to it are forgiven
    transfer_on INTEGER,                         -- from which day it is due for transfer; NULL: not, or marked already
    trouble     TEXT CHECK (trouble IN ('no-number', 'bad-number', 'landline', 'fails', 'unconfirmed'))
) STRICT;

CREATE INDEX notice_clock_new ON notice_clock (card) WHERE shelved_on IS NULL;
CREATE INDEX notice_clock_due ON notice_clock (due, told, card) WHERE due IS NOT NULL;
CREATE INDEX notice_clock_transfer ON notice_clock (transfer_on, card) WHERE transfer_on IS NOT NULL;
CREATE INDEX notice_clock_trouble ON notice_clock (card) WHERE trouble IS NOT NULL;

-- Numbers that an officer mended, for as long as the card lies on the shelf; sealed.
CREATE TABLE notice_number (
    card   INTEGER PRIMARY KEY REFERENCES card (seq),
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE notice (
    seq       INTEGER PRIMARY KEY,
    id        TEXT    NOT NULL,                  -- uuid7 that carries seq
    card      INTEGER NOT NULL REFERENCES card (seq),
    day       INTEGER NOT NULL,
    way       TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('intended', 'sent', 'unknown', 'delivered', 'failed')),
    reason    TEXT    NOT NULL DEFAULT '',
    reference TEXT,                              -- what the way calls it
    number    BLOB,                              -- keyed hash, as long as a delivery report may come
    actor     TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;

CREATE UNIQUE INDEX notice_intended ON notice (card) WHERE state = 'intended';       -- one in question at a time
-- Nobody is told twice on one day by a message, whatever the code above believes.
CREATE UNIQUE INDEX notice_once ON notice (card, day)
    WHERE state <> 'failed' AND way NOT IN ('in-person', 'by-phone');
CREATE INDEX notice_of_card ON notice (card, seq);
CREATE INDEX notice_state ON notice (state, seq);
CREATE INDEX notice_number_open ON notice (number, seq) WHERE number IS NOT NULL;

-- A card has a clock exactly while it lies on the shelf; the card's own door need not know of it.
CREATE TRIGGER notice_clock_begins AFTER UPDATE OF custody ON card
WHEN new.custody = 'on_shelf' AND old.custody <> 'on_shelf' BEGIN
    INSERT INTO notice_clock (card) VALUES (new.seq);
END;

CREATE TRIGGER notice_clock_ends AFTER UPDATE OF custody ON card
WHEN old.custody = 'on_shelf' AND new.custody <> 'on_shelf' BEGIN
    DELETE FROM notice_clock WHERE card = new.seq;
    DELETE FROM notice_number WHERE card = new.seq;
END;

INSERT INTO notice_clock (card) SELECT seq FROM card WHERE custody = 'on_shelf';

-- What was printed and fetched on each day, for the forecast; made from the event table, up to the seq kept in meta.
CREATE TABLE day_count (
    day   INTEGER NOT NULL,
    what  TEXT    NOT NULL CHECK (what IN ('printed', 'fetched')),
    count INTEGER NOT NULL,
    PRIMARY KEY (what, day)
) STRICT, WITHOUT ROWID;
