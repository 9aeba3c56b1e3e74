"""The keeper's rounds; what it does in Postgres is tried in tests/integration/arbitrage/test_lives.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from crossbook.arbitrage.lives import keeper as module
from crossbook.arbitrage.lives.keeper import LifeKeeper
from crossbook.arbitrage.store.lives import LifeStore, Making
from crossbook.plumbing.errors import UnavailableError
from tests.support.waiting import eventually


class _Away:
    """A Postgres that is away for some tries, and then has nothing."""

    def __init__(self, outages: int) -> None:
        self.outages = outages
        self.asked = 0

    @asynccontextmanager
    async def making(self) -> AsyncIterator[Making | None]:
        self.asked += 1
        if self.asked <= self.outages:
            raise UnavailableError("Postgres cannot be reached")
        yield None  # another replica has the position


async def test_an_outage_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keeper goes on by itself, and takes nothing while another has the turn."""
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.0)
    store = _Away(outages=3)
    keeper = LifeKeeper(cast(LifeStore, store), "own", list)
    task = asyncio.create_task(keeper.run())
    await eventually(lambda: store.asked > 5)
    task.cancel()
    assert keeper.events == 0
