-- Models of how long opportunities live, each with what it was made of and what it was worth. Written by arbitrage only.

-- state: 1 candidate (not good enough, or not yet), 2 live, 3 retired. scores are those of predictions made before their outcome was known.
CREATE TABLE life_models (
    number         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             text        NOT NULL UNIQUE,
    feature_schema bigint      NOT NULL,
    lives          integer     NOT NULL,
    newest_life    bigint      NOT NULL,
    model          bytea       NOT NULL,
    sha256         text        NOT NULL,
    used           boolean[]   NOT NULL,
    scores         jsonb       NOT NULL,
    state          smallint    NOT NULL,
    reason         text        NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by     text        NOT NULL
);
CREATE UNIQUE INDEX life_models_one_live ON life_models (state) WHERE state = 2;
