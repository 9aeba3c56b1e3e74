"""Pictures of the dashboard for the documentation, taken from a seeded run."""
