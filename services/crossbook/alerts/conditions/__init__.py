"""Rules that are not about opportunities: troubles of feeds and of Crossbook itself, and prices that have moved."""
