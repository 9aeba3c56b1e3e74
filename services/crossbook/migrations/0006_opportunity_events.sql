-- The log of opportunity events, so that a reader that comes back after arbitrage died still hears what it missed.
-- Written by arbitrage only: all its replicas, one after the other, so that the order of ids is that of the commits.

-- kind: 1 opened, 2 updated, 3 closed, as in OpportunityEventKind. Replicas that saw the same quotes give an event the same
-- key, and the first one's row stays. writer and number are the resume token's; payload is what every reader is told.
CREATE TABLE opportunity_events (
    id                  bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opportunity_id      text             NOT NULL,
    kind                smallint         NOT NULL,
    cause_ns            bigint           NOT NULL,
    event_ns            bigint           NOT NULL,
    asset               text             NOT NULL,
    buy_venue           text             NOT NULL,
    sell_venue          text             NOT NULL,
    opening_net_percent double precision NOT NULL,
    writer              text             NOT NULL,
    number              bigint           NOT NULL,
    payload             bytea            NOT NULL,
    recorded_at         timestamptz      NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (opportunity_id, kind, cause_ns)
);
CREATE INDEX opportunity_events_writer ON opportunity_events (writer, number);

-- Until when each writer was certainly alive: what it held open has been watched until then and no longer.
CREATE TABLE opportunity_writers (
    writer   text        PRIMARY KEY,
    alive_ns bigint      NOT NULL,
    seen_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
