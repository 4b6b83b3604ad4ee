-- works with: 17
-- Which blank a finished card is made of, as a reader saw its chip when the card was checked: a keyed hash of the serial,
-- so that a blank that turns up is told, and the books tell nobody whose card has which chip.
CREATE TABLE card_blank (
    card   INTEGER PRIMARY KEY REFERENCES card (seq),
    serial BLOB    NOT NULL UNIQUE,
    entry  INTEGER NOT NULL                      -- the last of the ledger then: what a later entry says counts more
) STRICT;
