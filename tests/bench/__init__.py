"""What `make bench` runs: every speed that Crossbook claims, beside a baseline measured in the same run."""
