"""Prometheus metrics: read at the moment of the scrape from the counters that exist anyway."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.messages import reason_name
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.plumbing.latency import quantiles
from crossbook.plumbing.timestamps import SECOND_NS

PREFIX = "crossbook_arbitrage"


class ArbitrageCollector(Collector):
    """What the process has counted, in Prometheus' terms."""

    def __init__(self, live: LiveScan, shards: ShardFollower, facts: FactFollower) -> None:
        self._facts = facts
        self._live = live
        self._shards = shards

    def collect(self) -> Iterable[Metric]:
        """Called by every scrape, in its thread."""
        stats = self._live.scanner.stats()
        watchers, dropped = self._live.scanner.watching_now()
        yield CounterMetricFamily(f"{PREFIX}_opened", "Opportunities opened.", value=stats.opened)
        yield CounterMetricFamily(f"{PREFIX}_closed", "Opportunities closed.", value=stats.closed)
        yield CounterMetricFamily(f"{PREFIX}_quotes", "Quotes scanned.", value=stats.quotes)
        yield CounterMetricFamily(
            f"{PREFIX}_depth_walks", "Times that two books were walked for sizes.", value=stats.walks
        )
        yield GaugeMetricFamily(f"{PREFIX}_open", "Opportunities open now.", value=stats.open_now)
        connected = GaugeMetricFamily(f"{PREFIX}_connected", "Whether a shard's stream is up.", labels=["shard"])
        for shard, is_connected in self._shards.connections.items():
            connected.add_metric([shard], float(is_connected))
        yield connected
        yield GaugeMetricFamily(f"{PREFIX}_watchers", "Clients that watch opportunities.", value=watchers)
        yield CounterMetricFamily(f"{PREFIX}_dropped_events", "Events that slow watchers lost.", value=dropped)
        yield from self._of_facts()
        yield from _of_writer(self._live.writer)
        refusals = CounterMetricFamily(f"{PREFIX}_refusals", "Paying pairs that came to be refused.", labels=["reason"])
        for reason, count in stats.refusals:
            refusals.add_metric([reason_name(reason).lower()], count)
        yield refusals
        yield quantiles(
            f"{PREFIX}_frame_to_opportunity_us",
            "Microseconds from receiving a frame to publishing what it caused.",
            self._live.scanner.frame_to_opportunity_us,
        )

    def _of_facts(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            f"{PREFIX}_facts_connected", "Whether a shard tells facts.", value=float(self._facts.is_following)
        )
        ages = GaugeMetricFamily(
            f"{PREFIX}_facts_age_seconds", "Age of the oldest fact that moves and is in use.", labels=["venue"]
        )
        now_ns = self._live.clock.now_ns()
        for venue, oldest_ns in self._facts.oldest_ns.items():
            ages.add_metric([venue], (now_ns - oldest_ns) / SECOND_NS)
        yield ages


def _of_writer(writer: EventWriter | None) -> Iterable[Metric]:
    if writer is None:
        return
    yield GaugeMetricFamily(f"{PREFIX}_unlogged_events", "Events that are not in Postgres yet.", value=writer.waiting)
    yield CounterMetricFamily(f"{PREFIX}_lost_events", "Events that never came to Postgres.", value=writer.dropped)
