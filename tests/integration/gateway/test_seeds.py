"""Every path that callers of before know, with every key that they read, with nothing behind the gateway."""

import pytest

from tests.support.gateway.running import gateway

PATHS: dict[str, set[str]] = {
    "/api/stats": {"isTracking", "markets", "connected", "messagesReceived", "database", "aggregator"},
    "/api/binance/stats": {"isTracking", "markets", "connected", "messagesReceived", "database", "aggregator"},
    "/api/markets": {"markets", "count"},
    "/api/binance/markets?symbol=BTC&active=true": {"markets", "count"},
    "/api/prices": {"prices", "count"},
    "/api/summary": {"venues", "openOpportunities", "asOf"},
}


@pytest.mark.parametrize("path", PATHS)
async def test_a_path_answers_with_its_keys_even_before_there_is_anything(path: str) -> None:
    """Nothing behind it runs: no key is missing for that."""
    async with gateway() as running:
        answer = await running.web.get(path)
        assert answer.status_code == 200, answer.text
        assert PATHS[path] <= set(answer.json())


async def test_what_needs_a_process_that_is_away_says_so_and_when_to_ask_again() -> None:
    """503, not an empty list."""
    async with gateway() as running:
        for path in ("/api/minutes", "/api/snapshots", "/api/overview", "/api/arbitrage", "/api/arb", "/api/alerts"):
            answer = await running.web.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), path
