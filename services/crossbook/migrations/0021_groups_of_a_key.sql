-- Members that come late look for the group of the same thing that was told before.
CREATE INDEX alert_groups_of_key ON alert_groups (rule, key, opened_at DESC);
