-- Groups of alerts, the messages that are told of them, silences, and what was held back and why. Written by alerts only.

-- state: 1 open, 2 closed. revision is that of the last message, 0 before the first. Whoever finds due_at in the past
-- decides what is to be said and when to look again, in one transaction with the message; due_from is when that was
-- written, so that a clock that is set back delays nothing. changed_at: members have opened or closed, or somebody has
-- acknowledged, since told_at. escalated: escalations that were made. token: whoever has it may acknowledge.
CREATE TABLE alert_groups (
    id              text        PRIMARY KEY,
    rule            text        NOT NULL,
    key             text        NOT NULL,
    label           text        NOT NULL,
    token           text        NOT NULL,
    asset           text        NOT NULL,
    venue           text        NOT NULL,
    reason          smallint    NOT NULL,
    state           smallint    NOT NULL DEFAULT 1,
    revision        integer     NOT NULL DEFAULT 0,
    escalated       integer     NOT NULL DEFAULT 0,
    opened_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at       timestamptz,
    changed_at      timestamptz,
    first_told_at   timestamptz,
    told_at         timestamptz,
    repeated_at     timestamptz,
    due_at          timestamptz,
    due_from        timestamptz NOT NULL DEFAULT clock_timestamp(),
    held_back       text        NOT NULL DEFAULT '',
    acknowledgement jsonb,
    acknowledged_until timestamptz
);
CREATE UNIQUE INDEX alert_groups_open ON alert_groups (rule, key) WHERE state = 1;
CREATE INDEX alert_groups_due ON alert_groups (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alert_groups_newest ON alert_groups (opened_at DESC, id DESC);

-- peak_percent: highest net of the opportunity as far as it is known. trouble: of rules that are not about
-- opportunities.
ALTER TABLE alerts ADD COLUMN group_id text REFERENCES alert_groups (id);
ALTER TABLE alerts ADD COLUMN peak_percent float8 NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN trouble jsonb;
CREATE INDEX alerts_of_group ON alerts (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX alerts_open_members ON alerts (rule) WHERE group_id IS NOT NULL AND closed_at IS NULL;

-- What deliveries carry: of an alert without a group, under the alert's own id, or the next revision of a group, as it
-- was then.
CREATE TABLE alert_messages (
    id         text        PRIMARY KEY,
    rule       text        NOT NULL,
    alert_id   text        REFERENCES alerts (id) ON DELETE CASCADE,
    group_id   text        REFERENCES alert_groups (id) ON DELETE CASCADE,
    group_key  text        NOT NULL,
    revision   integer     NOT NULL DEFAULT 1,
    kind       smallint    NOT NULL DEFAULT 1,
    group_then jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX alert_messages_of_group ON alert_messages (group_id, revision) WHERE group_id IS NOT NULL;
CREATE INDEX alert_messages_of_alert ON alert_messages (alert_id) WHERE alert_id IS NOT NULL;
INSERT INTO alert_messages (id, rule, alert_id, group_key, created_at) SELECT id, rule, id, id, fired_at FROM alerts;
ALTER TABLE deliveries RENAME COLUMN alert_id TO message_id;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_alert_id_fkey;
ALTER TABLE deliveries ADD FOREIGN KEY (message_id) REFERENCES alert_messages (id) ON DELETE CASCADE;

CREATE TABLE alert_silences (
    id         text        PRIMARY KEY,
    silence    jsonb       NOT NULL,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX alert_silences_end ON alert_silences (to_at DESC);

-- One row for a rule, a cause or group, a reason and who or what did it. reason as in SuppressionReason.
CREATE TABLE alert_suppressions (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule     text        NOT NULL,
    cause    text        NOT NULL DEFAULT '',
    group_id text        NOT NULL DEFAULT '',
    reason   smallint    NOT NULL,
    by       text        NOT NULL DEFAULT '',
    asset    text        NOT NULL DEFAULT '',
    venues   text[]      NOT NULL DEFAULT '{}',
    detail   text        NOT NULL DEFAULT '',
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    count    bigint      NOT NULL DEFAULT 1,
    UNIQUE (rule, cause, group_id, reason, by)
);
CREATE INDEX alert_suppressions_newest ON alert_suppressions (last_at DESC, id DESC);
CREATE INDEX alert_suppressions_cause ON alert_suppressions (cause) WHERE cause <> '';
CREATE INDEX alert_suppressions_group ON alert_suppressions (group_id) WHERE group_id <> '';
