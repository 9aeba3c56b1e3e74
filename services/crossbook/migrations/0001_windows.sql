-- Markets, windows and minutes of every venue, and how far each venue's stream is committed. Written by the aggregator only.
-- The keys lead with the time: one index then serves uniqueness, pages ordered by (start, venue, symbol) and retention.

CREATE TABLE markets (
    venue             text             NOT NULL,
    symbol            text             NOT NULL,
    native_symbol     text             NOT NULL,
    asset             text             NOT NULL,
    asset_scale       double precision NOT NULL,
    quote_currency    text             NOT NULL,
    settle_currency   text             NOT NULL,
    contract_size     double precision NOT NULL,
    tick_size         double precision NOT NULL,
    lot_size          double precision NOT NULL,
    taker_fee_percent double precision,
    maker_fee_percent double precision,
    updated_at        timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (venue, symbol)
) PARTITION BY LIST (venue);

-- The columns stand in the order in which the core writes them in COPY BINARY format.
CREATE TABLE snapshots (
    venue             text        NOT NULL,
    symbol            text        NOT NULL,
    window_start      timestamptz NOT NULL,
    avg_bid           double precision,
    min_bid           double precision,
    max_bid           double precision,
    avg_ask           double precision,
    min_ask           double precision,
    max_ask           double precision,
    avg_spread        double precision,
    time_weighted_bid double precision,
    time_weighted_ask double precision,
    tick_count        bigint           NOT NULL,
    live_ns           bigint           NOT NULL,
    window_ns         bigint           NOT NULL,
    is_complete       boolean          NOT NULL,
    last_bid          double precision NOT NULL,
    last_bid_size     double precision NOT NULL,
    last_ask          double precision NOT NULL,
    last_ask_size     double precision NOT NULL,
    last_state        smallint         NOT NULL,
    last_exchange_ns  bigint           NOT NULL,
    last_receive_ns   bigint           NOT NULL,
    PRIMARY KEY (window_start, venue, symbol)
) PARTITION BY LIST (venue);

CREATE TABLE minutes (
    venue             text        NOT NULL,
    symbol            text        NOT NULL,
    minute_start      timestamptz NOT NULL,
    avg_bid           double precision,
    min_bid           double precision,
    max_bid           double precision,
    avg_ask           double precision,
    min_ask           double precision,
    max_ask           double precision,
    avg_spread        double precision,
    time_weighted_bid double precision,
    time_weighted_ask double precision,
    tick_count        bigint      NOT NULL,
    live_ns           bigint      NOT NULL,
    window_ns         bigint      NOT NULL,
    is_complete       boolean     NOT NULL,
    windows           smallint    NOT NULL,
    PRIMARY KEY (minute_start, venue, symbol)
) PARTITION BY LIST (venue);

-- Committed together with the windows it speaks of: a restart continues exactly after them.
CREATE TABLE stream_positions (
    venue           text        PRIMARY KEY,
    stream_id       text        NOT NULL,
    position        bigint      NOT NULL,
    committed_until timestamptz NOT NULL
);

-- Makes <venue>_markets, <venue>_snapshots and <venue>_minutes, once, whoever else tries at the same moment. The tables are
-- made apart and then attached: attaching does not wait for the writers of other venues, creating in place would.
CREATE FUNCTION create_venue_partitions(wanted_venue text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    child  text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('crossbook.create_venue_partitions'));
    FOREACH parent IN ARRAY ARRAY['markets', 'snapshots', 'minutes'] LOOP
        child := wanted_venue || '_' || parent;
        IF to_regclass(quote_ident(child)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%L)', parent, child, wanted_venue);
        END IF;
    END LOOP;
END $$;
