"""What a service keeps in Postgres, in bulk: `service` is the RPC; `data/datasets` says what there is, `data/exporting` reads it."""
