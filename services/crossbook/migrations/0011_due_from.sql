-- When a delivery's due time, or a destination's pause, was set. What was set later than now was set before the server's
-- clock was set back: it is over.
ALTER TABLE deliveries ADD COLUMN due_from timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE delivery_pauses ADD COLUMN paused_at timestamptz NOT NULL DEFAULT clock_timestamp();
