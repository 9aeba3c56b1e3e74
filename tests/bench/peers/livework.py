"""What every live side does, in an environment of its own: no more than the standard library.

A side is run as `python <side>_live.py URL`. It subscribes to the best bid and ask, compares each with a second leg
that stands still, notes each opportunity with the moment at which it was known, and answers every line of standard
input with what it noted since the last: nanoseconds, bid, ask.
"""

import json
import os
import sys
import threading
import time

STILL_BID, STILL_ASK = 61_800.0, 61_800.1
FEES_PERCENT = 0.22  # of both legs, opened and closed
LEAST_NET_PERCENT = -20.0  # everything is an opportunity, as it is for Crossbook here


class Opportunities:
    """Found by a comparison in the peer's callback."""

    def __init__(self) -> None:
        self._found: list[tuple[int, float, float]] = []

    def compare(self, bid: float, ask: float) -> None:
        """Both ways between the leg and the one that stands still."""
        there = 100 * (bid - STILL_ASK) / STILL_ASK - FEES_PERCENT
        back = 100 * (STILL_BID - ask) / ask - FEES_PERCENT
        if max(there, back) > LEAST_NET_PERCENT:
            self._found.append((time.time_ns(), bid, ask))

    def answer_lines(self) -> None:
        """On a thread that sleeps until it is asked; it ends the process with its standard input."""
        threading.Thread(target=self._answer_lines).start()

    def _answer_lines(self) -> None:
        print("null", flush=True)
        for _ in sys.stdin:
            found, self._found = self._found, []
            print(json.dumps(found), flush=True)
        os._exit(0)  # the peer's own loop would go on
