"""What a scrape shows."""

from prometheus_client import CollectorRegistry, generate_latest

from crossbook.arbitrage.event_log import EventLog
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.metrics import ArbitrageCollector
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.tuning import ScannerArguments
from tests.support.aggregator.fanout import Tick, payload


async def test_a_scrape_shows_the_counters_of_the_last_tick(arguments: ScannerArguments) -> None:
    """Opened, open, quotes, refusals by reason and latencies are there."""
    live = LiveScan(arguments)
    live.on_batch(
        payload(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1), Tick("small", 102.0, 102.1, size=0.1))
    )
    live.on_timer()
    async with live.broadcast.subscribe(1):
        for _ in range(3):
            live.broadcast.publish(live.events.after(EventLog().token)[0])  # type: ignore[index]
    registry = CollectorRegistry()
    registry.register(ArbitrageCollector(live, ShardFollower({"main": "127.0.0.1:1"}, live)))
    text = generate_latest(registry).decode()
    assert "crossbook_arbitrage_opened_total 1.0" in text
    assert "crossbook_arbitrage_open 1.0" in text
    assert 'crossbook_arbitrage_connected{shard="' not in text  # nothing is followed yet
    assert "crossbook_arbitrage_quotes_total 3.0" in text
    assert 'crossbook_arbitrage_refusals_total{reason="too_small"} 2.0' in text
    assert "crossbook_arbitrage_dropped_events_total 2.0" in text
    assert 'crossbook_arbitrage_frame_to_opportunity_us{quantile="0.99"}' in text
