"""How the aggregator's streams wait."""

import asyncio

import pytest

from crossbook.aggregator.concurrency import Wakeups, refuse_when_stopping
from crossbook.plumbing.errors import UnavailableError


async def test_streams_end_when_the_service_stops() -> None:
    """A stop turns into UNAVAILABLE for whoever is connected."""
    stopping = asyncio.Event()
    stopping.set()
    with pytest.raises(UnavailableError):
        await refuse_when_stopping(stopping)


async def test_every_listener_is_woken_by_news() -> None:
    """A listener finds what was there before it, then every later news, once however often it is told."""
    wakeups = Wakeups()
    async with wakeups.listen() as one, wakeups.listen() as other:
        assert one.is_set()
        assert other.is_set()
        one.clear()
        other.clear()
        wakeups.notify()
        wakeups.notify()
        await one.wait()
        await other.wait()
        assert len(wakeups) == 2
    assert len(wakeups) == 0
