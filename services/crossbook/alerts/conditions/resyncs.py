"""How often venues' books were rebuilt of late, from the trackers' counters, which begin anew when a tracker does."""

from collections import deque
from collections.abc import Iterator

from crossbook.alerts.conditions.parts import Trackers
from crossbook.alerts.conditions.troubles import new_trouble
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, duration_or

DEFAULT_WITHIN_NS = 300 * SECOND_NS
KEPT_NS = 3600 * SECOND_NS
MAX_VENUES = 200


class Resyncs:
    """Of each venue the rebuilds that were counted, and when: an hour. Venues beyond MAX_VENUES are left out."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], int] = {}  # as each tracker counted last
        self._rebuilt: dict[str, deque[tuple[int, int]]] = {}

    def note(self, trackers: Trackers, now_ns: int) -> None:
        """What the trackers say now. The first word of one is where counting begins, for it may be of any age."""
        for target, answer in trackers.items():
            for venue in answer.venues if answer is not None else ():
                before = self._totals.get((target, venue.venue))
                if before is None and len(self._totals) >= MAX_VENUES:
                    continue
                self._totals[target, venue.venue] = venue.resyncs
                if before is not None and venue.resyncs != before:
                    more = venue.resyncs - before if venue.resyncs > before else venue.resyncs
                    self._rebuilt.setdefault(venue.venue, deque()).append((now_ns, more))
        for rebuilt in self._rebuilt.values():
            while rebuilt and rebuilt[0][0] <= now_ns - KEPT_NS:
                rebuilt.popleft()

    def storms(self, rule: pb.AlertRule, now_ns: int) -> Iterator[pb.AlertTrouble]:
        """Venues of which more books were rebuilt than the rule takes for usual."""
        if not rule.feed.HasField("max_resyncs"):
            return
        span_ns = within_ns(rule)
        for venue, rebuilt in self._rebuilt.items():
            count = sum(more for at_ns, more in rebuilt if at_ns > now_ns - span_ns)
            if count > rule.feed.max_resyncs and (not rule.venues or venue in rule.venues):
                words = f"{venue} rebuilt {count} books within {span_ns / SECOND_NS:g} s"
                yield new_trouble(
                    pb.ALERT_REASON_RESYNC_STORM, f"{words}, more than {rule.feed.max_resyncs}", venue=venue
                )


def within_ns(rule: pb.AlertRule) -> int:
    """The span in which rebuilds count."""
    return duration_or(rule.feed, "resync_within", DEFAULT_WITHIN_NS)
