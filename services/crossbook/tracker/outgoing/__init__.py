"""What leaves a tracker: lanes to the shards, each with its batches, buffer and uplink."""
