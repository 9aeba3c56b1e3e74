"""The dashboard's tests: one running system and one browser for all of them, as `site`."""
