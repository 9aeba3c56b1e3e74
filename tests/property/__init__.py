"""Every venue's simulator face against the real core feed, with faults drawn from a seed, checked against the world."""
