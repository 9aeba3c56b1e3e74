"""What a scrape of the aggregator shows."""

import asyncio

from prometheus_client import CollectorRegistry

from crossbook._core import QuoteHub
from crossbook.aggregator.concurrency import Wakeups
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.metrics import AggregatorCollector
from crossbook.aggregator.venue import Venue
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DEGRADED, VenueHealth
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import now_ns
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request


async def test_a_scrape_shows_the_counters_and_each_venue() -> None:
    """Of a venue that has no watermark yet no lag is known, and none is shown."""
    counters, hub = Counters(windows_written=3, is_database_available=True, lost_windows=2), QuoteHub()
    venues = {
        name: Venue(name, window_seconds=15, hub=hub, store=MemoryStore(), counters=counters, clock=Clock())
        for name in ("alpha", "beta")
    }
    stream = QuoteStream("alpha", start_ns=now_ns())
    registry = CollectorRegistry()
    registry.register(AggregatorCollector(counters, venues, Fanout(hub, Wakeups(), asyncio.Event())))

    def sample(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"crossbook_aggregator_{name}", labels)

    async with venues["alpha"].fed():
        venues["alpha"].report(VenueHealth(venue="alpha", state=VENUE_STATE_DEGRADED))
        venues["alpha"].windows.on_hello(hello_request(stream.hello(1)))
        batch = batch_request(stream.next_batch(rows=5))
        venues["alpha"].windows.on_batch(batch)
        venues["alpha"].windows.on_batch(batch)
        venues["alpha"].writer.tell_waiting(4)
        assert (sample("windows_written_total"), sample("lost_windows_total")) == (3, 2)
        assert (sample("database_available"), sample("subscribers")) == (1, 0)
        alpha = [
            sample(name, venue="alpha")
            for name in ("quotes_total", "repeated_batches_total", "waiting_windows", "stream_connected", "venue_state")
        ]
        assert alpha == [5, 1, 4, 1, VENUE_STATE_DEGRADED]
        lag = sample("watermark_lag_seconds", venue="alpha")
        assert lag is not None
        assert abs(lag) < 60
    assert (sample("stream_connected", venue="beta"), sample("quotes_total", venue="beta")) == (0, 0)
    assert sample("watermark_lag_seconds", venue="beta") is None
