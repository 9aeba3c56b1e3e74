"""One face per venue: what that venue's clients see of the world."""
