"""What a venue's state is from one look to the next: changes are logged and counted."""

import time

import structlog

from crossbook.pb.v1.market_pb2 import VenueHealth, VenueState
from crossbook.pb.v1.tracker_pb2 import VenueStats
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS, to_timestamp

# A venue that has not been LIVE so long after its start is DOWN, not STARTING.
STARTING_NS = MINUTE_NS
# Of what is told to aggregators, which take no more than a thousand characters.
MAX_REASON = 900

log = structlog.get_logger()


class HealthWatch:
    """One venue's state over time."""

    def __init__(self) -> None:
        self.transitions = 0
        self._state: VenueState.ValueType = VenueState.VENUE_STATE_STARTING
        self._since_ns = time.time_ns()

    def is_starting(self, now_ns: int) -> bool:
        """Whether it has just begun, and has been nothing else before."""
        return self.transitions == 0 and now_ns - self._since_ns < STARTING_NS

    def observe(self, stats: VenueStats, now_ns: int) -> VenueHealth:
        """Takes a look's result, and gives what to tell."""
        if stats.state != self._state:
            self.transitions += 1
            tell = log.info if stats.state == VenueState.VENUE_STATE_LIVE else log.warning
            tell(
                "venue_state",
                venue=stats.venue,
                was=_name(self._state),
                now=_name(stats.state),
                after_seconds=round((now_ns - self._since_ns) / SECOND_NS, 1),
                reason=stats.reason,
            )
            self._state, self._since_ns = stats.state, now_ns
        health = VenueHealth(
            venue=stats.venue,
            state=stats.state,
            reason=OutsideText.of(stats.reason, MAX_REASON),
            since_time=to_timestamp(self._since_ns),
        )
        if stats.HasField("clock_offset_ms"):
            health.clock_offset_ms, health.delay_ms = round(stats.clock_offset_ms), round(stats.delay_ms)
        return health


def _name(state: VenueState.ValueType) -> str:
    return VenueState.Name(state).removeprefix("VENUE_STATE_")
