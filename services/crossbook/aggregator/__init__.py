"""The aggregator: takes quotes from trackers, writes exact windows to Postgres, fans quotes and windows out."""
