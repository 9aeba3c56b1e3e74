"""Who feeds a venue: one stream at a time, and never in place of another that is alive."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from crossbook.aggregator import feeding
from crossbook.aggregator.feeding import Feeder
from crossbook.plumbing.errors import ConflictError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the end of a stream."""
    monkeypatch.setattr(feeding, "LEAVE_SECONDS", 0.05)


async def test_a_turn_ends_with_its_stream() -> None:
    """The next one begins at once."""
    feeder = Feeder()
    async with feeder.turn("v") as first:
        pass
    assert first.ended.is_set()
    async with feeder.turn("v") as second:
        assert not second.superseded.is_set()


async def test_a_living_stream_is_not_told_of_who_came() -> None:
    """The newcomer hears what to do."""
    feeder = Feeder()
    async with feeder.turn("v") as current:
        with pytest.raises(ConflictError, match="another tracker feeds v"):
            async with feeder.turn("v"):
                pass
        assert not current.superseded.is_set()


async def test_the_end_of_a_stream_that_is_on_its_way_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restarted tracker may be quicker than the news of its predecessor's end."""
    monkeypatch.setattr(feeding, "LEAVE_SECONDS", 60.0)
    feeder = Feeder()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(feeder.turn("v"))
        newcomer = asyncio.create_task(stack.pop_all().aclose())
        async with feeder.turn("v"):
            assert newcomer.done()


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_silent_stream_gives_way(monkeypatch: pytest.MonkeyPatch, is_done: bool) -> None:
    """Be it that it has sent its last, be it that nothing was heard of it for too long."""
    feeder = Feeder()

    async def feed(begun: asyncio.Event) -> None:
        async with feeder.turn("v") as turn:
            if is_done:
                turn.done()
            begun.set()
            await turn.superseded.wait()

    begun = asyncio.Event()
    old = asyncio.create_task(feed(begun))
    await begun.wait()
    if not is_done:
        monkeypatch.setattr(feeding, "SILENT_SECONDS", 0.0)
    async with feeder.turn("v"):
        assert old.done()


async def test_a_stream_that_is_not_listened_to_counts_as_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """While Postgres is away nothing is read from it: its silence is ours. What is heard counts from then on."""
    monkeypatch.setattr(feeding, "SILENT_SECONDS", 0.5)
    silence: list[float | None] = [None]
    feeder = Feeder()
    async with feeder.turn("v") as current:
        current.listen(lambda: silence[0])
        assert current.alive_seconds() == 0.5
        with pytest.raises(ConflictError):
            async with feeder.turn("v"):
                pass
        assert not current.superseded.is_set()
        silence[0] = 0.2
        assert current.alive_seconds() == pytest.approx(0.3)
        silence[0] = 0.6
        assert current.alive_seconds() < 0


async def test_a_stream_that_was_never_listened_to_is_as_old_as_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs between its hello and its first batch gives way as well."""
    monkeypatch.setattr(feeding, "SILENT_SECONDS", 0.0)
    async with Feeder().turn("v") as current:
        assert current.alive_seconds() <= 0
