"""How the aggregator's streams end when it stops."""

import asyncio

import pytest

from crossbook.aggregator.stopping import refuse_when_stopping
from crossbook.plumbing.errors import UnavailableError


async def test_streams_end_when_the_service_stops() -> None:
    """A stop turns into UNAVAILABLE for whoever is connected, and nothing does before."""
    stopping = asyncio.Event()
    waiting = asyncio.create_task(refuse_when_stopping(stopping))
    await asyncio.sleep(0)
    assert not waiting.done()
    stopping.set()
    with pytest.raises(UnavailableError):
        await waiting
