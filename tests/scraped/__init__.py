"""A real Prometheus beside a loaded system."""
