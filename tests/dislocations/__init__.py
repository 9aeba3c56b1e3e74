"""One venue that is dislocated again and again: how many messages that makes, with groups and without."""
