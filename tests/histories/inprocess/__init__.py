"""`make event-histories`: thousands of histories of events and alerts in one process, by a clock that only tests move.

The services' own classes, on a real Postgres and a real Redis; what is stood in for is time (loop.py), the way between
processes (lives.py) and what happens to servers (servers.py). judge.py says what must be in the tables and who must
have been told.
"""
