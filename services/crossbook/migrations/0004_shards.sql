-- Several aggregators, shards, share these tables: each commits its own instruments of a venue and has a position of its
-- own there. What was written before is shard 'main', the name of an aggregator that is given none.

-- Which shard wrote the row. Last, as the core writes it in COPY BINARY format. An instrument has one row a window whichever
-- shards had it, so the key stays.
ALTER TABLE snapshots ADD COLUMN shard text NOT NULL DEFAULT 'main';

ALTER TABLE stream_positions ADD COLUMN shard text NOT NULL DEFAULT 'main';
ALTER TABLE stream_positions DROP CONSTRAINT stream_positions_pkey, ADD PRIMARY KEY (venue, shard);
