-- Where a reader goes on in the log of opportunity events is found by the time of its rows: the writers' and the server's.
CREATE INDEX opportunity_events_event_ns ON opportunity_events (event_ns, id);
CREATE INDEX opportunity_events_recorded_at ON opportunity_events (recorded_at, id);
