"""The lanes of one feed: opened with the shards, left behind by a move, and gone once their shard has all of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.tracker.outgoing.routing import Route
from tests.support.tracker.lanes import BOUNDARY_NS, START_NS, LaneWorld, Shards, two_shards
from tests.support.waiting import eventually
from tests.unit.tracker.venue.test_markets import LISTED

VENUE = LISTED[0].venue


@pytest.fixture
async def shards() -> AsyncIterator[Shards]:
    async with two_shards() as found:
        yield found


async def test_each_shard_has_a_lane_and_gets_its_quotes(shards: Shards) -> None:
    """What is acknowledged is no longer held."""
    world = LaneWorld(shards, ("east", "west"), VENUE)
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        assert world.shards == {"east": False, "west": False}
        world.track(LISTED)
        await eventually(lambda: world.received("east") + world.received("west") >= 1)
        await eventually(lambda: world.lanes.unacknowledged_batches == 0)
        assert world.lanes.dropped_rows == 0
        world.end()


async def test_a_lane_that_is_left_goes_when_its_shard_has_all_from_before_the_move(
    shards: Shards,
) -> None:
    """Not at the boundary, and not while the shard has not committed it."""
    world = LaneWorld(shards, ("east",), VENUE)
    shards.servers["east"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        world.track(LISTED)
        route = world.routing.change({"west": world.targets["west"]}, world.session.now_ns())
        assert route is not None
        assert route.from_ns == BOUNDARY_NS
        world.lanes.route(route)
        assert world.shards == {"east": True, "west": False}
        await eventually(lambda: world.received("east") >= 1)
        world.pass_until(BOUNDARY_NS + 2 * SECOND_NS)
        assert "east" in world.shards
        shards.servers["east"].acknowledges = True
        seconds = 3

        def is_gone() -> bool:
            nonlocal seconds
            seconds += 1
            world.pass_until(BOUNDARY_NS + seconds * SECOND_NS)
            return "east" not in world.shards

        await eventually(is_gone)
        assert world.feed.shards() == ["west"]
        await eventually(lambda: world.received("west") >= 1)
        world.end()


async def test_a_move_that_is_taken_back_leaves_everything_where_it_is(shards: Shards) -> None:
    """Before it has come into force."""
    world = LaneWorld(shards, ("east",), VENUE)
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        world.lanes.route(world.routing.change({"west": world.targets["west"]}, START_NS) or Route((), 0))
        world.lanes.route(world.routing.change({"east": world.targets["east"]}, START_NS) or Route((), 0))
        assert world.shards["east"] is False
        assert world.shards["west"] is True
        world.end()


async def test_the_end_waits_for_the_last_acknowledgements_and_no_longer(shards: Shards) -> None:
    """A shard that is gone does not hold up a stop."""
    world = LaneWorld(shards, ("east",), VENUE)
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        world.track(LISTED)
        world.lanes.close()
        await world.lanes.finish(60.0)
        assert world.lanes.unacknowledged_batches == 0
        world.end()
    held = LaneWorld(shards, ("west",), VENUE)
    shards.servers["west"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        held.lanes.start(tasks)
        held.track(LISTED)
        await eventually(lambda: held.received("west") >= 1)
        await held.lanes.finish(0.05)
        assert held.lanes.unacknowledged_batches >= 1
        held.end()
