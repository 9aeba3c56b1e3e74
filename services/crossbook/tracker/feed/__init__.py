"""A venue's feed, the core's state machine: as it is, recorded, and played again."""
