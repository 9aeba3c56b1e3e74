"""The venues' counters for Prometheus: a frame pays nothing for them."""

import asyncio
import math
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crossbook.pb.v1.market_pb2 import VenueState
from crossbook.pb.v1.tracker_pb2 import LaneStats, VenueStats
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp
from crossbook.tracker.venue.local_clock import LocalClock

REFRESH_SECONDS = 1.0
PREFIX = "crossbook_tracker_"
COUNTERS: dict[str, tuple[str, Callable[[VenueStats], float]]] = {
    "messages": ("Frames received.", lambda stats: stats.messages_received),
    "quotes": ("Quotes emitted.", lambda stats: stats.quotes_emitted),
    "gaps": ("Sequence gaps found.", lambda stats: stats.gaps),
    "resyncs": ("Books rebuilt after the first.", lambda stats: stats.resyncs),
    "parse_errors": ("Frames that could not be parsed.", lambda stats: stats.parse_errors),
    "reconnects": ("Sockets opened again after a loss.", lambda stats: stats.reconnects),
    "confirmed": ("Quiet instruments whose quote the venue confirmed.", lambda stats: stats.confirmed),
    "frozen": ("Instruments that the venue had silently stopped sending.", lambda stats: stats.frozen),
    "state_transitions": ("Changes of the venue's state.", lambda stats: stats.state_transitions),
    "listings_refused": ("Market lists that were not readable or not credible.", lambda stats: stats.listings_refused),
    "fact_answers": ("Answers about facts of instruments that were taken.", lambda stats: stats.fact_answers),
    "fact_failures": ("Requests for facts without an answer that reads.", lambda stats: stats.fact_failures),
    "facts_refused": ("Values of facts that could not be what they should.", lambda stats: stats.facts_refused),
    "dropped_quotes": ("Quotes lost because a buffer overflowed.", lambda stats: stats.dropped_quotes),
}
GAUGES: dict[str, tuple[str, Callable[[VenueStats], float]]] = {
    "live": ("1 when the venue is LIVE.", lambda stats: stats.state == VenueState.VENUE_STATE_LIVE),
    "state": ("The venue's state: 1 STARTING, 2 LIVE, 3 DEGRADED, 4 DOWN.", lambda stats: stats.state),
    "connected": ("1 when every socket is open.", lambda stats: stats.connected),
    "markets": ("Instruments tracked.", lambda stats: stats.markets),
    "live_markets": ("Instruments whose book is LIVE.", lambda stats: stats.live_markets),
    "last_message_timestamp_seconds": (
        "When the last frame came, in seconds since the epoch; 0 before the first.",
        lambda stats: from_timestamp(stats.last_message_time) / SECOND_NS,
    ),
    "clock_offset_seconds": (
        "How far our clock is ahead of the venue's, the fastest delivery included; NaN while unknown.",
        lambda stats: stats.clock_offset_ms / 1000 if stats.HasField("clock_offset_ms") else math.nan,
    ),
    "delay_seconds": (
        "How much later than the fastest the venue's quotes come now; NaN while unknown.",
        lambda stats: stats.delay_ms / 1000 if stats.HasField("delay_ms") else math.nan,
    ),
    "frame_to_quote_p50_microseconds": (
        "Median time from a frame to its quote standing in a batch.",
        lambda stats: stats.frame_to_quote_p50_us,
    ),
}
LANE_GAUGES: dict[str, tuple[str, Callable[[LaneStats], float]]] = {
    "lane_connected": ("1 when the stream to the shard is open.", lambda lane: lane.is_connected),
    "unacknowledged_batches": ("Batches that the shard has not committed.", lambda lane: lane.unacknowledged_batches),
}


class TrackerCollector(Collector):
    """Scrapes come on a thread of their own, where the feeds must not be touched; so the loop leaves the stats here."""

    def __init__(self, clock: LocalClock) -> None:
        self._stats: list[VenueStats] = []
        self._clock = clock

    async def keep_current(self, read_stats: Callable[[], list[VenueStats]]) -> None:
        """Endless."""
        while True:
            self._stats = read_stats()
            await asyncio.sleep(REFRESH_SECONDS)

    def collect(self) -> Iterable[Metric]:
        """Prometheus'."""
        all_stats = self._stats
        yield GaugeMetricFamily(
            PREFIX + "clock_implausible",
            "1 while our own clock cannot be right by all venues' times.",
            value=float(bool(self._clock.problem)),
        )
        for name, (help_text, read) in COUNTERS.items():
            counter = CounterMetricFamily(PREFIX + name, help_text, labels=["venue"])
            for stats in all_stats:
                counter.add_metric([stats.venue], read(stats))
            yield counter
        for name, (help_text, read) in GAUGES.items():
            gauge = GaugeMetricFamily(PREFIX + name, help_text, labels=["venue"])
            for stats in all_stats:
                gauge.add_metric([stats.venue], read(stats))
            yield gauge
        for name, (help_text, read_lane) in LANE_GAUGES.items():
            gauge = GaugeMetricFamily(PREFIX + name, help_text, labels=["venue", "shard"])
            for stats in all_stats:
                for lane in stats.lanes:
                    gauge.add_metric([stats.venue, lane.shard], read_lane(lane))
            yield gauge
