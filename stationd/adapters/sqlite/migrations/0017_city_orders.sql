-- What the city said of its orders: who may begin a card of them. The row of an order stays for ever, the offer itself
-- only until it is a job. The rule is stationd/domain/fence.py.
CREATE TABLE city_order (
    order_ref TEXT PRIMARY KEY,
    fence     INTEGER NOT NULL,                      -- the highest that came; 0 while only a recall has come
    stage     TEXT CHECK (stage IN ('received', 'granted', 'returned', 'refused')),
    floor     INTEGER NOT NULL,                      -- below it all is void
    offer     TEXT,                                  -- its id
    message   BLOB,                                  -- the offer as it came, sealed to this station
    job       INTEGER REFERENCES job (seq),
    recall    TEXT,                                  -- id of the last recall
    is_kept   INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)), -- recalled with its card under way
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX city_order_due ON city_order (at) WHERE message IS NOT NULL AND stage = 'granted';
CREATE INDEX city_order_kept ON city_order (order_ref) WHERE is_kept = 1;
CREATE UNIQUE INDEX city_order_job ON city_order (job) WHERE job IS NOT NULL;

-- No door makes a job of an order that the city has given elsewhere, or for which it has not given leave.
CREATE TRIGGER job_of_city_order BEFORE INSERT ON job
WHEN EXISTS (
    SELECT 1 FROM city_order AS c
    WHERE c.order_ref = NEW.order_ref AND (c.stage IS NULL OR c.stage <> 'granted' OR c.fence < c.floor)
)
BEGIN
    SELECT RAISE(IGNORE);
END;
