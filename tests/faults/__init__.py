"""The whole system under injected faults, and a checker that knows what must have come of it."""
