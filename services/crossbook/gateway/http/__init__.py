"""The port that browsers reach."""
