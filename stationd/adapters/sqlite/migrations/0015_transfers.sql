-- Transfers between stations: their minutes, and how a card is told at the receiver that shows no receipt.

ALTER TABLE transfer ADD COLUMN minutes TEXT;        -- id in the register of minutes
ALTER TABLE transfer_card ADD COLUMN nik BLOB;       -- keyed hash, at the receiver

CREATE INDEX transfer_card_nik ON transfer_card (transfer, nik) WHERE nik IS NOT NULL;
CREATE INDEX transfer_card_sender ON transfer_card (transfer, sender_id);
