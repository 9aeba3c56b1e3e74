"""Prometheus metrics: read at the moment of the scrape from the counters that exist anyway."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crossbook.aggregator.counters import Counters
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.venue import Venue
from crossbook.plumbing.latency import quantiles
from crossbook.plumbing.timestamps import SECOND_NS, now_ns


class AggregatorCollector(Collector):
    """What the process has counted, in Prometheus' terms."""

    def __init__(self, counters: Counters, venues: dict[str, Venue], fanout: Fanout) -> None:
        self._counters = counters
        self._venues = venues
        self._fanout = fanout

    def collect(self) -> Iterable[Metric]:
        """Called by every scrape, in its thread; it only reads numbers."""
        yield from self._process()
        yield from self._per_venue()

    def _process(self) -> Iterator[Metric]:
        counters = self._counters
        yield _counter("windows_written", "Windows committed.", counters.windows_written)
        yield _counter("snapshot_rows_written", "Rows of closed windows committed.", counters.snapshots_written)
        yield _counter("minute_rows_written", "Rows of closed minutes committed.", counters.minutes_written)
        yield _counter("incomplete_rows_written", "Rows known to miss quotes.", counters.incomplete_snapshots)
        yield _counter(
            "contested_rows", "Rows that another shard had written too; one is kept.", counters.contested_snapshots
        )
        yield _counter("lost_windows", "Windows that Postgres had committed and no longer had.", counters.lost_windows)
        yield _counter("batches_refused", "Batches that were undecodable or out of sequence.", counters.batches_refused)
        yield _counter(
            "positions_set_back", "Positions in the future, by a clock that was set back.", counters.positions_set_back
        )
        yield _counter(
            "conflated_quotes", "Quotes replaced before a slow client took them.", self._fanout.conflated_quotes
        )
        yield GaugeMetricFamily(
            "crossbook_aggregator_subscribers", "Clients that follow quotes now.", value=self._fanout.subscribers
        )
        yield GaugeMetricFamily(
            "crossbook_aggregator_database_available",
            "Whether Postgres takes writes.",
            value=float(counters.is_database_available),
        )
        yield quantiles(
            "crossbook_aggregator_batch_transit_us",
            "Microseconds from a batch's leaving its tracker to its arrival.",
            counters.batch_transit.quantile_us,
        )
        yield quantiles(
            "crossbook_aggregator_window_update_us",
            "Microseconds to decode a batch, update its windows and hand its quotes on.",
            counters.window_update.quantile_us,
        )

    def _per_venue(self) -> Iterator[Metric]:
        quotes = CounterMetricFamily("crossbook_aggregator_quotes", "Quotes taken.", labels=["venue"])
        waiting = GaugeMetricFamily(
            "crossbook_aggregator_waiting_windows", "Closed windows not yet committed.", labels=["venue"]
        )
        connected = GaugeMetricFamily(
            "crossbook_aggregator_stream_connected", "Whether the venue's tracker is connected.", labels=["venue"]
        )
        repeated = CounterMetricFamily(
            "crossbook_aggregator_repeated_batches", "Batches that came once more and were ignored.", labels=["venue"]
        )
        instruments = GaugeMetricFamily(
            "crossbook_aggregator_live_instruments", "Instruments whose latest quote is LIVE.", labels=["venue"]
        )
        lag = GaugeMetricFamily(
            "crossbook_aggregator_watermark_lag_seconds",
            "Seconds since the moment before which everything has been received.",
            labels=["venue"],
        )
        states = GaugeMetricFamily(
            "crossbook_aggregator_venue_state",
            "The venue's state as its tracker says: 1 STARTING, 2 LIVE, 3 DEGRADED, 4 DOWN; 0 unknown.",
            labels=["venue"],
        )
        for name, venue in list(self._venues.items()):
            quotes.add_metric([name], venue.windows.quotes)
            repeated.add_metric([name], venue.windows.duplicate_batches)
            instruments.add_metric([name], venue.windows.live_instruments)
            if venue.windows.watermark_ns:
                lag.add_metric([name], (now_ns() - venue.windows.watermark_ns) / SECOND_NS)
            waiting.add_metric([name], venue.writer.waiting)
            states.add_metric([name], venue.health.state if venue.health else 0)
            connected.add_metric([name], float(venue.is_connected))
        yield from (quotes, repeated, waiting, connected, states, instruments, lag)


def _counter(name: str, description: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"crossbook_aggregator_{name}", description, value=value)
