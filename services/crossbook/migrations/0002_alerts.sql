-- Alert rules, the alerts that fired, their deliveries (the outbox) and the service's own positions. Written by the
-- alerts service only. Rules and channels are kept as protobuf JSON and hold secrets in clear: guard the database.

CREATE TABLE alert_rules (
    id         text        PRIMARY KEY,
    rule       jsonb       NOT NULL,
    etag       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- cause is the opportunity's id, or, for scheduled rules, the pair and the window: each fires a rule once.
CREATE TABLE alerts (
    id          text        PRIMARY KEY,
    rule        text        NOT NULL,
    cause       text        NOT NULL,
    asset       text        NOT NULL,
    buy_venue   text        NOT NULL,
    sell_venue  text        NOT NULL,
    opportunity jsonb       NOT NULL,
    fired_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (rule, cause)
);
CREATE INDEX alerts_newest ON alerts (fired_at DESC, id DESC);
CREATE INDEX alerts_cooldown ON alerts (rule, asset, buy_venue, sell_venue, fired_at DESC);

-- state: 1 pending, 2 delivered, 3 failed, as in DeliveryState. channel is the channel as it was when the alert fired, so
-- that a rule may change or go meanwhile; it is dropped, with its secrets, once delivered. A claim moves due_at to the
-- lease's end.
CREATE TABLE deliveries (
    alert_id     text        NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    channel_id   text        NOT NULL,
    position     smallint    NOT NULL,
    channel      jsonb,
    state        smallint    NOT NULL DEFAULT 1,
    attempts     integer     NOT NULL DEFAULT 0,
    tries_left   integer     NOT NULL,
    due_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    claim        text,
    last_error   text        NOT NULL DEFAULT '',
    delivered_at timestamptz,
    PRIMARY KEY (alert_id, channel_id)
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 1;
CREATE INDEX deliveries_failed ON deliveries (alert_id) WHERE state = 3;

-- How far the opportunities are handled, and that the default rule was made.
CREATE TABLE alert_positions (
    name  text PRIMARY KEY,
    value text NOT NULL
);
