"""What stands on both sides of the alerts service in its tests."""

from collections.abc import AsyncIterator

import pytest

from tests.support.alerts.receiver import Receiver, receiving
from tests.support.alerts.stand_in_arbitrage import StandInArbitrage, stand_in_arbitrage


@pytest.fixture
async def arbitrage() -> AsyncIterator[StandInArbitrage]:
    """What alerts follows; tests of arbitrage itself have a real one by this name."""
    async with stand_in_arbitrage() as service:
        yield service


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """What alerts delivers to."""
    async with receiving() as it:
        yield it
