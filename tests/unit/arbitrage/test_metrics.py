"""What a scrape shows."""

from prometheus_client import CollectorRegistry, generate_latest

from crossbook._core import EventFilter, Plane
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.arbitrage.metrics import ArbitrageCollector
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.plumbing.plane.thread import PlaneThread
from tests.support.aggregator.fanout import Tick, payload
from tests.support.arbitrage.facts import told_facts
from tests.support.arbitrage.watching import WatchedScan


async def test_a_scrape_shows_the_counters(arguments: ScannerArguments) -> None:
    """Opened, open, quotes, refusals by reason and latencies are there."""
    live = WatchedScan(arguments)
    slow = live.scanner.subscribe(EventFilter(), None, 0, limit=1)
    small = Tick("small", 102.0, 102.1, size=0.1)
    for bid in (101.0, 101.3, 101.6):
        live.on_batch(payload(Tick("cheap", 99.9, 100.0), Tick("dear", bid, bid + 0.1), small))
    registry = CollectorRegistry()
    shards = ShardFollower({"main": "127.0.0.1:1"}, live, PlaneThread(Plane()))
    facts = FactFollower(dict, live.on_facts, live.clock)
    facts.take(told_facts("cheap", mark=100.0))
    facts.look()
    registry.register(ArbitrageCollector(live, shards, facts))
    text = generate_latest(registry).decode()
    assert "crossbook_arbitrage_opened_total 1.0" in text
    assert "crossbook_arbitrage_open 1.0" in text
    assert 'crossbook_arbitrage_connected{shard="' not in text  # nothing is followed yet
    assert "crossbook_arbitrage_quotes_total 9.0" in text
    assert 'crossbook_arbitrage_refusals_total{reason="too_small"} 2.0' in text
    assert slow is not None
    assert "crossbook_arbitrage_watchers 1.0" in text
    assert "crossbook_arbitrage_dropped_events_total 2.0" in text
    assert "crossbook_arbitrage_facts_connected 0.0" in text
    assert 'crossbook_arbitrage_facts_age_seconds{venue="cheap"}' in text
    assert 'crossbook_arbitrage_frame_to_opportunity_us{quantile="0.99"}' in text
