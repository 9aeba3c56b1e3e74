"""`make quick`: the checks that a change touches, within a minute."""
