"""Notices that the machine's clock was set back.

A feed's time never runs backwards: after a step back it would stand still until the clock has caught up, and what it
sent before bears times that have not come yet, which the aggregator refuses.
"""

LARGEST_STEP_BACK_SECONDS = 60
_LARGEST_STEP_BACK_NS = LARGEST_STEP_BACK_SECONDS * 1_000_000_000


class ClockSetBackError(Exception):
    """The feed's time lies in the future: begin a new stream."""


class ClockWatch:
    """Remembers the latest time seen."""

    def __init__(self) -> None:
        self.latest_ns = 0

    def check(self, now_ns: int) -> int:
        """Gives the time back. Raises ClockSetBackError when it is far behind one seen before."""
        if now_ns < self.latest_ns - _LARGEST_STEP_BACK_NS:
            raise ClockSetBackError(f"the clock was set back by {(self.latest_ns - now_ns) / 1e9:.0f} s")
        self.latest_ns = max(self.latest_ns, now_ns)
        return now_ns
