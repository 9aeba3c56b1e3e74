"""What is told at size is there in the simulator's own books: the short form of `make judged`."""

from pathlib import Path

from tests.judged.run import run

SECONDS = 22.0
VENUES = ("binance", "bybit", "okx", "paradex")


async def test_each_profit_told_at_size_is_in_the_books_and_each_planted_one_is_found(tmp_path: Path) -> None:
    """None is false, and none that pays at size is missed."""
    result = await run(SECONDS, tmp_path, VENUES, assets=4, seed=1, has_faults=False)
    assert result.findings() == []
    assert result.verdict.claims >= 5
    assert result.planted.detected >= 1
