-- Deliveries by destination, tried for a time rather than a number of times; and alerts that know when theirs has closed.

-- When the opportunity closed, as far as it is known.
ALTER TABLE alerts ADD COLUMN closed_at timestamptz;
CREATE INDEX alerts_cause ON alerts (cause);

-- destination is a hash of where it goes: the receiver's address may hold a secret. A delivery is given up by a try that
-- fails when none is left and tries_until has passed.
ALTER TABLE deliveries ADD COLUMN destination text NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN tries_until timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX deliveries_waiting ON deliveries (destination, due_at) WHERE state = 1;
DROP INDEX deliveries_due;

-- Receivers that said that they take no more for now: nothing goes there before, from any replica.
CREATE TABLE delivery_pauses (
    destination text        PRIMARY KEY,
    until       timestamptz NOT NULL
);
