"""One feed at work: how it ends, and who is told what befalls it."""

import asyncio
from typing import Any

import pytest

from crossbook.plumbing.clock import HOLE_SECONDS
from crossbook.tracker.feed.session import ClockSteppedError, Session, VenueFailedError
from tests.support.turned_clock import TurnedClock

NO_FEED: Any = None


class Noting:
    """A watcher that notes."""

    def __init__(self) -> None:
        self.holes: list[int] = []
        self.missing: list[str] = []

    def on_hole(self, now_ns: int) -> None:
        self.holes.append(now_ns)

    def on_quotes_missing(self, shard: str) -> None:
        self.missing.append(shard)


class World:
    """A session on a clock that the test turns."""

    def __init__(self) -> None:
        self.turned = TurnedClock()
        self.watcher = Noting()
        self.session = Session("v", "s-1", NO_FEED, self.turned.clock)
        self.session.watcher = self.watcher


async def test_the_first_error_of_the_feed_is_the_reason_of_the_end() -> None:
    """Told with its kind; from then on the feed must not be told anything."""
    session = World().session
    assert not session.has_failed
    error = ValueError("a bad frame")
    failure = session.fail(error)
    session.fail(KeyError("later"))
    assert (str(failure), failure.__cause__) == ("ValueError: a bad frame", error)
    assert session.has_failed
    with pytest.raises(VenueFailedError, match="ValueError: a bad frame"):
        await session.end


async def test_a_clock_that_was_set_ends_the_session_and_not_the_feed() -> None:
    """The feed may still say its last; the reason says by how much, and time stands still."""
    world = World()
    before_ns = world.session.now_ns()
    world.turned.set(-5.0)
    assert world.session.now_ns() == world.session.now_ns() >= before_ns
    assert not world.session.has_failed
    with pytest.raises(ClockSteppedError, match=r"the clock was set back by 5\.0"):
        await world.session.end


async def test_a_hole_is_told_to_the_watcher_and_ends_nothing() -> None:
    """With the moment when it ended."""
    world = World()
    world.turned.stop(2 * HOLE_SECONDS)
    now_ns = world.session.now_ns()
    assert world.watcher.holes == [now_ns]
    assert not world.session.end.done()


async def test_nothing_is_told_after_the_end() -> None:
    """A feed that raised does not hear of holes."""
    world = World()
    world.session.fail(ValueError("x"))
    world.turned.stop(2 * HOLE_SECONDS)
    world.session.now_ns()
    assert world.watcher.holes == []
    world.session.close()


async def test_missing_quotes_are_the_watchers() -> None:
    """And nobody's before there is one."""
    world = World()
    world.session.on_quotes_missing("main")
    world.session.watcher = None
    world.session.on_quotes_missing("east")
    assert world.watcher.missing == ["main"]


async def test_a_session_that_is_closed_ends_and_its_time_is_not_kept() -> None:
    """Whoever waits for its end is set free; the clock tells it nothing more."""
    world = World()
    world.session.close()
    with pytest.raises(asyncio.CancelledError):
        await world.session.end
    world.turned.stop(2 * HOLE_SECONDS)
    world.turned.clock.now_ns()
    assert (world.watcher.holes, world.turned.clock._stretches) == ([], set())
