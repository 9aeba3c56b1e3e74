"""Users, keys, sessions and what they did."""
