"""The simulator judges what is told at size: `make judged`."""
