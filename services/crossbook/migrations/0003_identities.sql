-- Pairs of instruments that bear one asset's name and may not be one asset, and what operators decided about them.
-- Written by the arbitrage service only.

-- id is made of asset, venues and symbols; of the two markets the first orders before the second. state: 1 suspect,
-- 2 confirmed, 3 denied, as in IdentityState. since_ns and found_ns are receive times
-- of quotes.
CREATE TABLE identity_findings (
    id                 text             PRIMARY KEY,
    asset              text             NOT NULL,
    first_venue        text             NOT NULL,
    first_symbol       text             NOT NULL,
    first_mid          double precision NOT NULL,
    second_venue       text             NOT NULL,
    second_symbol      text             NOT NULL,
    second_mid         double precision NOT NULL,
    difference_percent double precision NOT NULL,
    since_ns           bigint           NOT NULL,
    found_ns           bigint           NOT NULL,
    state              smallint         NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 3),
    comment            text             NOT NULL DEFAULT '',
    decided_ns         bigint
);
CREATE INDEX identity_findings_newest ON identity_findings (found_ns DESC, id DESC);
