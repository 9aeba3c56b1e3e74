"""What the live scan measures."""

from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.tuning import ScannerArguments
from tests.support.aggregator.fanout import Tick, payload


async def test_what_was_known_before_we_came_is_not_measured(arguments: ScannerArguments) -> None:
    """The first batch of every stream holds quotes as old as they may be."""
    live = LiveScan(arguments)
    for _ in range(2):
        counted = live.frame_to_opportunity.count
        live.on_batch(payload(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1)))
        assert live.scanner.open_opportunities()
        assert live.frame_to_opportunity.count == counted
        live.on_batch(payload(Tick("cheap", 99.9, 100.0), Tick("dear", 104.0, 104.1)))
        assert live.frame_to_opportunity.count > counted
        live.on_disconnected()
