-- Requests of a day that gateways answer a key; none where it is NULL.
ALTER TABLE account_keys ADD COLUMN daily_quota integer CHECK (daily_quota > 0);
