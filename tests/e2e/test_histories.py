"""One history of the whole system, judged by what the simulator sent; `make histories` plays as many as asked."""

from pathlib import Path

from tests.histories.history import Blow
from tests.histories.run import run_history

# Both deaths at once, and a pause of everything, in the middle of which a store is away.
HISTORY = (
    Blow(0.0, "kill", ("aggregator", "alerts", "arbitrage", "tracker-1", "tracker-2")),
    Blow(8.0, "pause", ("aggregator", "alerts", "arbitrage", "tracker-1", "tracker-2"), 6.0),
    Blow(9.0, "stop", ("postgres",), 4.0),
    Blow(18.0, "kill", ("aggregator", "tracker-1")),
)


async def test_a_history_loses_doubles_and_invents_nothing(tmp_path: Path) -> None:
    """Rows, minutes, opportunities and alerts are what the venues' books and the deaths make them."""
    verdict = await run_history(HISTORY, 1, tmp_path)
    assert verdict.findings == []
    assert verdict.rows
    assert verdict.opportunities
