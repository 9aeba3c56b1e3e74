-- What destinations can take and have taken. Written by alerts only.

-- The token bucket of a destination, kept as the time at which it is full again, and how many tries in a row did not
-- reach it.
CREATE TABLE delivery_destinations (
    destination text        PRIMARY KEY,
    full_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    failures    integer     NOT NULL DEFAULT 0
);

-- What stands at a destination of a message's key: its parts' ids there, of the revision that they show.
CREATE TABLE delivery_shown (
    destination text        NOT NULL,
    group_key   text        NOT NULL,
    revision    integer     NOT NULL,
    ids         text[]      NOT NULL,
    is_whole    boolean     NOT NULL,
    shown_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (destination, group_key)
);
CREATE INDEX delivery_shown_oldest ON delivery_shown (shown_at);
