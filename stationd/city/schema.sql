-- The city's books, one text for PostgreSQL and SQLite. Times are Unix milliseconds (UTC) unless said otherwise.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE station (
    id          TEXT   PRIMARY KEY,
    name        TEXT   NOT NULL,
    sign_key    BYTEA  NOT NULL,                 -- Ed25519: what its facts are signed with
    seal_key    BYTEA  NOT NULL,                 -- X25519: what its orders are sealed to
    user_key    TEXT,                            -- the NATS user of its credentials; NULL: none, or revoked
    enrolled_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL DEFAULT 0,       -- the last fact that was taken into the books
    hash        BYTEA  NOT NULL,
    heard_at    BIGINT,                          -- when a fact of it came last
    forked_at   BIGINT                           -- since when two histories of it are here
);

CREATE TABLE revoked_user (
    user_key   TEXT   PRIMARY KEY,
    station    TEXT   NOT NULL REFERENCES station (id),
    revoked_at BIGINT NOT NULL                   -- Unix seconds, as the servers want it
);

-- What the stations said, whole: everything below can be made from it again, but for what it said of people.
CREATE TABLE fact (
    station     TEXT   NOT NULL REFERENCES station (id),
    seq         BIGINT NOT NULL CHECK (seq > 0),
    at          BIGINT NOT NULL,
    type        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    data        TEXT   NOT NULL,
    hash        BYTEA  NOT NULL,
    particulars BYTEA,                           -- sealed; only until the fact is taken into the books
    enclosed_to TEXT,
    enclosed    BYTEA,                           -- only until it is on its way
    PRIMARY KEY (station, seq)
);

-- Facts of another history of a station: a number that was here with another hash, or one that does not follow.
CREATE TABLE fact_apart (
    station     TEXT   NOT NULL REFERENCES station (id),
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    type        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    data        TEXT   NOT NULL,
    hash        BYTEA  NOT NULL,
    particulars BYTEA,
    enclosed_to TEXT,
    enclosed    BYTEA,
    is_fallen   BIGINT NOT NULL DEFAULT 0,       -- it was followed until a person chose the other history
    PRIMARY KEY (station, seq, hash)
);

-- The jobs and cards of all stations.
CREATE TABLE card (
    station      TEXT   NOT NULL REFERENCES station (id),
    id           TEXT   NOT NULL,
    accepted_seq BIGINT NOT NULL,                -- the number of the fact that brought it
    kind         TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    custody      TEXT,                           -- NULL while there is no card
    transfer     TEXT,                           -- the packet that it left in or came in
    sent_as      TEXT,                           -- its id at the station that it came from
    offer        TEXT,                           -- the city's offer that it was made from
    order_ref    TEXT,
    receipt      TEXT,
    holder       BYTEA,                          -- keyed hash of the NIK
    district     TEXT,
    village      TEXT,
    changed_at   BIGINT NOT NULL,
    PRIMARY KEY (station, id)
);

CREATE INDEX card_receipt ON card (receipt);
CREATE INDEX card_order ON card (order_ref);
CREATE INDEX card_holder ON card (holder);
CREATE INDEX card_sent_as ON card (sent_as);
CREATE INDEX card_offer ON card (offer);

CREATE TABLE blank (
    station     TEXT   PRIMARY KEY REFERENCES station (id),
    received    BIGINT NOT NULL DEFAULT 0,
    at_hand     BIGINT NOT NULL DEFAULT 0,       -- in the safe and in hoppers
    in_printers BIGINT NOT NULL DEFAULT 0,
    printed     BIGINT NOT NULL DEFAULT 0,
    spoiled     BIGINT NOT NULL DEFAULT 0        -- by printing
);

-- What the city gave to a station.
CREATE TABLE blank_issue (
    id       TEXT   PRIMARY KEY,
    station  TEXT   NOT NULL REFERENCES station (id),
    quantity BIGINT NOT NULL CHECK (quantity <> 0),
    note     TEXT   NOT NULL UNIQUE,             -- the number of the delivery note
    at       BIGINT NOT NULL
);

CREATE TABLE city_order (
    order_ref  TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL,
    sealed     BYTEA,                            -- the body; gone once nobody can need it any more
    digest     BYTEA  NOT NULL,                  -- keyed hash of the body
    fence      BIGINT NOT NULL DEFAULT 0,
    station    TEXT   REFERENCES station (id),
    hold       TEXT   NOT NULL CHECK (hold IN ('free', 'offered', 'granted', 'recalled', 'settled')),
    asked_at   BIGINT,                           -- since when its station asks for leave
    goes_to    TEXT   REFERENCES station (id),   -- where it goes once it is given back
    is_ending  BIGINT NOT NULL DEFAULT 0,        -- it is cancelled once it is given back
    outcome    TEXT   CHECK (outcome IN ('printed', 'cancelled')),
    told       TEXT,                             -- what its station said last: a code of refusal, or kept and the state
    filed_at   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK ((hold = 'settled') = (outcome IS NOT NULL)),
    CHECK ((hold = 'free') = (station IS NULL) OR hold = 'settled')
);

CREATE INDEX city_order_station ON city_order (station, hold);

-- What goes down: written in the transaction that decides it, sent afterwards for as long as it takes.
CREATE TABLE message (
    id        TEXT   PRIMARY KEY,
    station   TEXT   NOT NULL REFERENCES station (id),
    kind      TEXT   NOT NULL CHECK (kind IN ('offer', 'leave', 'recall', 'parcel')),
    order_ref TEXT   REFERENCES city_order (order_ref),
    fence     BIGINT,
    body      BYTEA,                             -- NULL once it was sent
    made_at   BIGINT NOT NULL,
    sent_at   BIGINT
);

CREATE INDEX message_unsent ON message (made_at) WHERE sent_at IS NULL;

-- Packets between stations, as both ends tell of them.
CREATE TABLE transfer (
    id       TEXT PRIMARY KEY,
    sender   TEXT NOT NULL,
    receiver TEXT NOT NULL,
    cards    BIGINT,
    sent     TEXT,                               -- the state at the sender
    received TEXT,                               -- the state at the receiver
    at       BIGINT NOT NULL
);

-- What wants a person, counted by station and code.
CREATE TABLE trouble (
    station  TEXT   NOT NULL,
    code     TEXT   NOT NULL,
    count    BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (station, code)
);
