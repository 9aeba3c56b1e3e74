"""`crossbook up`: which processes, with which settings and ports, in which order."""
