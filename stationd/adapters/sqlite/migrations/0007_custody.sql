-- Finished cards: where each is, who took it, and the packets that go between stations.

-- Where the holder lives, as region codes that the order gave; operational, so not sealed.
ALTER TABLE holder ADD COLUMN district TEXT;
ALTER TABLE holder ADD COLUMN village  TEXT;

CREATE TABLE card (
    seq        INTEGER PRIMARY KEY,              -- the job's; a card from elsewhere takes a number of the same line
    custody    TEXT    NOT NULL CHECK (custody IN ('printed', 'checked', 'received', 'on_shelf', 'in_transit',
                   'handed_over', 'transferred', 'missing', 'quarantined', 'destroyed')),
    since      INTEGER NOT NULL,
    printed_at INTEGER NOT NULL,
    box        TEXT,
    slot       INTEGER,
    district   TEXT,                             -- taken over from the holder when a person first has the card in hand
    village    TEXT,
    transfer   TEXT REFERENCES transfer (id),    -- the packet that it is in, went with, or came in
    due_since  INTEGER,                          -- since when it is due to be handed to the holder's kecamatan
    CHECK ((custody = 'on_shelf') = (box IS NOT NULL)),
    CHECK (slot IS NULL OR box IS NOT NULL),
    CHECK (custody NOT IN ('in_transit', 'transferred', 'missing') OR transfer IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX card_slot ON card (box, slot) WHERE slot IS NOT NULL;            -- a slot holds one card
CREATE INDEX card_aside ON card (custody, since, seq) WHERE custody <> 'handed_over';
CREATE INDEX card_village ON card (village, since, seq) WHERE custody = 'on_shelf';
CREATE INDEX card_due ON card (district, seq) WHERE custody = 'on_shelf' AND due_since IS NOT NULL;

-- What is known of a card that was printed elsewhere; the holder is sealed.
CREATE TABLE foreign_card (
    card      INTEGER PRIMARY KEY REFERENCES card (seq),
    id        TEXT    NOT NULL,                  -- uuid7 that carries seq
    receipt   TEXT    NOT NULL UNIQUE,
    order_ref TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    origin    TEXT    NOT NULL,                  -- the station that printed it
    sealed    BLOB    NOT NULL
) STRICT;

-- Words by which an officer finds a card at hand: keyed hashes of the parts of a name, of a NIK, of a chip's id.
CREATE TABLE card_word (
    word BLOB    NOT NULL,
    card INTEGER NOT NULL REFERENCES card (seq),
    PRIMARY KEY (word, card)
) STRICT, WITHOUT ROWID;

CREATE INDEX card_word_of ON card_word (card);

CREATE TABLE hand_over (
    seq                 INTEGER PRIMARY KEY,
    card                INTEGER NOT NULL REFERENCES card (seq),
    at                  INTEGER NOT NULL,
    actor               TEXT    NOT NULL,
    document            TEXT    NOT NULL,
    relation            TEXT,                    -- NULL: the holder came in person
    is_old_card_given   INTEGER NOT NULL CHECK (is_old_card_given IN (0, 1)),
    proxy               BLOB,                    -- sealed name
    undone_at           INTEGER,
    undone_by           TEXT
) STRICT;

CREATE UNIQUE INDEX hand_over_standing ON hand_over (card) WHERE undone_at IS NULL;  -- a card is handed over once

CREATE TABLE transfer (
    id         TEXT PRIMARY KEY,
    direction  TEXT    NOT NULL CHECK (direction IN ('out', 'in')),
    number     TEXT,                             -- of the minutes
    peer       TEXT    NOT NULL,
    peer_name  TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('sent', 'announced', 'agreed', 'differing', 'cancelled')),
    cards      INTEGER NOT NULL CHECK (cards > 0),
    made_at    INTEGER NOT NULL,                 -- as the sender's clock had it
    at         INTEGER NOT NULL,                 -- when it was made or read in here
    settled_at INTEGER,
    revision   INTEGER NOT NULL DEFAULT 0,       -- of the last confirmation
    actor      TEXT    NOT NULL,
    file       BLOB    NOT NULL,                 -- as written to the stick; holders are sealed to the receiver in it
    confirmation BLOB
) STRICT;

CREATE INDEX transfer_open ON transfer (at) WHERE state IN ('sent', 'announced', 'differing');

CREATE TABLE transfer_card (
    transfer TEXT    NOT NULL REFERENCES transfer (id),
    place    INTEGER NOT NULL,                   -- in the pack list, from 1
    sender_id TEXT   NOT NULL,                   -- the card's id at the sender
    receipt  TEXT    NOT NULL,
    card     INTEGER REFERENCES card (seq),      -- NULL at the receiver until it was scanned
    state    TEXT    NOT NULL CHECK (state IN ('sent', 'arrived', 'missing', 'returned')),
    sealed   BLOB,                               -- at the receiver: the card and its holder, until it was scanned
    PRIMARY KEY (transfer, place)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX transfer_card_receipt ON transfer_card (transfer, receipt);

-- Cards that the receiver found in the packet and the sender had not listed.
CREATE TABLE transfer_extra (
    transfer TEXT NOT NULL REFERENCES transfer (id),
    receipt  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (transfer, receipt)
) STRICT, WITHOUT ROWID;

-- Cards of the time before: printed, and nobody has said yet where they are.
INSERT INTO card (seq, custody, since, printed_at) SELECT seq, 'printed', updated_at, updated_at FROM job WHERE state = 'printed';
INSERT INTO tally (name, label, value) SELECT 'card_custody', 'printed', count(*) FROM card HAVING count(*) > 0;
