"""Postgres and Redis (Valkey) servers of a run's own."""
