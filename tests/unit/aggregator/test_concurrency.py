"""How the aggregator's streams wait."""

import asyncio

import pytest

from crossbook.aggregator.concurrency import Wakeups, refuse_when_stopping, until_first
from crossbook.plumbing.errors import ConflictError, UnavailableError


async def _fail() -> None:
    raise ConflictError("no")


async def _forever() -> None:
    await asyncio.Event().wait()


async def test_the_first_to_end_ends_the_others() -> None:
    """What still runs when the first has ended is cancelled before the caller goes on."""
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("slow")

    await until_first(slow(), asyncio.sleep(0))
    assert ended == ["slow"]


async def test_an_error_comes_out_as_itself() -> None:
    """The caller sees the error of the one that failed, not a group of errors."""
    with pytest.raises(ConflictError):
        await until_first(_forever(), _fail())


async def test_cancelling_the_caller_cancels_them_all() -> None:
    """A stream whose client has gone leaves nothing running."""
    task = asyncio.create_task(until_first(_forever(), _forever()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_streams_end_when_the_service_stops() -> None:
    """A stop turns into UNAVAILABLE for whoever is connected."""
    stopping = asyncio.Event()
    stopping.set()
    with pytest.raises(UnavailableError):
        await until_first(_forever(), refuse_when_stopping(stopping))


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
