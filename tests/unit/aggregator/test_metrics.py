"""What a scrape of the aggregator shows."""

import asyncio
from functools import partial

from prometheus_client import CollectorRegistry

from crossbook._core import QuoteHub
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.intake import Intake
from crossbook.aggregator.metrics import AggregatorCollector
from crossbook.aggregator.venue import Venue
from crossbook.aggregator.venues import Venues
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DEGRADED, VenueHealth
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.settings import AggregatorSettings
from crossbook.plumbing.timestamps import SECOND_NS, now_ns
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request

WINDOW_NS = 15 * SECOND_NS


async def test_a_scrape_shows_the_counters_and_each_venue() -> None:
    """Of a venue that has no watermark yet no lag is known, and none is shown."""
    counters, hub = Counters(windows_written=3, is_database_available=True, lost_windows=2), QuoteHub()
    make = partial(Venue, window_seconds=15, hub=hub, store=MemoryStore(), counters=counters, clock=Clock())
    venues = Venues(make, lambda name, run: None)
    alpha, _ = await venues.open("alpha"), await venues.open("beta")
    stopping = asyncio.Event()
    intake = Intake(AggregatorSettings(extra_venues=("alpha", "beta")), venues, hub, counters, stopping, Clock())
    stream = QuoteStream("alpha", start_ns=(now_ns() // WINDOW_NS - 6) * WINDOW_NS)
    registry = CollectorRegistry()
    registry.register(AggregatorCollector(counters, intake, Fanout(hub, stopping)))

    def sample(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"crossbook_aggregator_{name}", labels)

    async with alpha.fed():
        alpha.report(VenueHealth(venue="alpha", state=VENUE_STATE_DEGRADED))
        alpha.windows.on_hello(hello_request(stream.hello(1)))
        batch = batch_request(stream.next_batch(rows=5))
        alpha.windows.on_batch(batch)
        alpha.windows.on_batch(batch)
        alpha.windows.on_batch(batch_request(stream.heartbeat((stream.now_ns // WINDOW_NS + 4) * WINDOW_NS)))
        assert (sample("windows_written_total"), sample("lost_windows_total")) == (3, 2)
        assert (sample("database_available"), sample("subscribers")) == (1, 0)
        shown = [
            sample(name, venue="alpha")
            for name in ("quotes_total", "repeated_batches_total", "waiting_windows", "stream_connected", "venue_state")
        ]
        assert shown == [5, 1, 4, 1, VENUE_STATE_DEGRADED]
        lag = sample("watermark_lag_seconds", venue="alpha")
        assert lag is not None
        assert abs(lag) < 60
    assert (sample("stream_connected", venue="beta"), sample("quotes_total", venue="beta")) == (0, 0)
    assert sample("watermark_lag_seconds", venue="beta") is None
