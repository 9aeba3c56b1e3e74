-- Which life of an aggregator wrote all rows that this position's shard has of the minute under way, and nobody changed any since;
-- empty where that is not known. Who has written them all need not read them again to roll them up.
ALTER TABLE stream_positions ADD COLUMN sole_writer text NOT NULL DEFAULT '';
