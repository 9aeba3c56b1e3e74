-- Every opportunity from opening to close, made from the log of events, and how far into the log it is made. Written by
-- arbitrage only: one replica at a time, whichever has locked the position.

-- Times are nanoseconds since the epoch. close_ns is empty while it is open. is_censored: the watch ended, and not for certain the
-- opportunity. The path is of equal lengths: from path_us after publish_ns on, the net was so much and the notional so large.
-- features, in the order that feature_schema stands for, are what was known when it was told; infinite where it was not.
CREATE TABLE opportunity_lives (
    number                bigint             GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id                    text               NOT NULL UNIQUE,
    asset                 text               NOT NULL,
    buy_venue             text               NOT NULL,
    buy_symbol            text               NOT NULL,
    sell_venue            text               NOT NULL,
    sell_symbol           text               NOT NULL,
    quote_currency        text               NOT NULL,
    open_ns               bigint             NOT NULL,
    publish_ns            bigint             NOT NULL,
    last_ns               bigint             NOT NULL,
    close_ns              bigint,
    close_reason          smallint           NOT NULL,
    is_censored           boolean            NOT NULL,
    opening_gross_percent double precision   NOT NULL,
    opening_net_percent   double precision   NOT NULL,
    peak_net_percent      double precision   NOT NULL,
    peak_ns               bigint             NOT NULL,
    last_net_percent      double precision   NOT NULL,
    opening_size          double precision   NOT NULL,
    opening_notional      double precision   NOT NULL,
    peak_notional         double precision   NOT NULL,
    path_us               bigint[]           NOT NULL,
    path_net_percent      double precision[] NOT NULL,
    path_notional         double precision[] NOT NULL,
    events                integer            NOT NULL,
    feature_schema        bigint             NOT NULL,
    features              double precision[] NOT NULL,
    writer                text               NOT NULL,
    recorded_at           timestamptz        NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX opportunity_lives_newest ON opportunity_lives (open_ns DESC, id DESC);
CREATE INDEX opportunity_lives_recorded_at ON opportunity_lives (recorded_at);
CREATE INDEX opportunity_lives_open ON opportunity_lives (id) WHERE close_ns IS NULL;

-- The last event of the log that is in the lives; one row.
CREATE TABLE opportunity_lives_position (
    is_one   boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    event_id bigint  NOT NULL
);
INSERT INTO opportunity_lives_position (event_id) VALUES (0);
