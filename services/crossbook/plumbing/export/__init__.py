"""What a service keeps in Postgres, in bulk: `service` is the RPC; `plumbing/data` has what there is and reads it."""
