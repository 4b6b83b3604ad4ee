-- When an attempt's document had left whole. NULL: nobody knows that it did, so that what the device calls a card may
-- have been made of a piece.

ALTER TABLE attempt ADD COLUMN sent_at INTEGER;
