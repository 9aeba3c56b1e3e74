"""Whether this machine's clock can be right, judged by all venues of the process together.

One venue whose times are seconds away from ours has a wrong clock, and it harms nobody: age is measured by our own.
When all are away to the same side, it is ours that is wrong: windows are cut at wrong times, and quotes look old or
from the future to services on other machines. With a single venue the two cannot be told apart, and that is said.
"""

from collections.abc import Mapping

import structlog

from crossbook.plumbing.timestamps import SECOND_NS

log = structlog.get_logger()


class LocalClock:
    """The verdict of the last look."""

    def __init__(self, limit_ns: int) -> None:
        self._limit_ns = limit_ns
        self.problem = ""

    def judge(self, offsets_ns: Mapping[str, int | None]) -> None:
        """Offsets by venue, as feeds estimate them; None where one cannot say."""
        problem = describe([offset for offset in offsets_ns.values() if offset is not None], self._limit_ns)
        if problem and not self.problem:
            log.error("clock_implausible", problem=problem, offsets_ns=dict(offsets_ns))
        elif self.problem and not problem:
            log.info("clock_plausible_again")
        self.problem = problem


def describe(offsets_ns: list[int], limit_ns: int) -> str:
    """What is wrong, in words; empty when nothing is."""
    if not offsets_ns:
        return ""
    if min(offsets_ns) > limit_ns:
        distance_ns, side = min(offsets_ns), "ahead of"
    elif max(offsets_ns) < -limit_ns:
        distance_ns, side = -max(offsets_ns), "behind"
    else:
        return ""
    whose = "that of the only venue known" if len(offsets_ns) == 1 else f"those of all {len(offsets_ns)} venues"
    return f"our clock is at least {distance_ns / SECOND_NS:.1f} s {side} {whose}"
