"""One stream to one shard: it follows the shard's address, and says when the shard has all of a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from crossbook.tracker.outgoing.lane import Lane
from tests.support.tracker.ingest_server import IngestServer
from tests.support.tracker.lanes import BOUNDARY_NS, START_NS, LaneWorld, two_shards
from tests.support.waiting import eventually
from tests.unit.tracker.venue.test_markets import LISTED

VENUE = LISTED[0].venue


@pytest.fixture
async def servers() -> AsyncIterator[dict[str, IngestServer]]:
    async with two_shards() as found:
        yield found


async def test_a_shard_that_listens_elsewhere_is_followed(servers: dict[str, IngestServer]) -> None:
    """What it has not acknowledged goes there too, once."""
    world = LaneWorld(servers, ("east",), VENUE)
    servers["east"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        world.track(LISTED[:1])
        await eventually(lambda: world.received("east") >= 1)
        sent = world.received("east")
        world.routing.change({"east": world.targets["west"]}, world.session.now_ns())
        world.lanes.redirect()
        await eventually(lambda: world.received("west") >= sent)
        assert servers["west"].streams[world.venue].sequences[:sent] == list(range(1, sent + 1))
        await eventually(lambda: world.lanes.unacknowledged_batches == 0)
        world.end()


async def test_a_lane_is_settled_by_the_oldest_batch_that_it_holds(servers: dict[str, IngestServer]) -> None:
    """Nothing held says nothing: a watermark beyond the moment must stand there, unacknowledged."""
    world = LaneWorld(servers, ("east",), VENUE)
    servers["east"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        lane: Lane = next(iter(world.lanes))
        assert not lane.is_settled(0)
        world.track(LISTED)
        assert lane.is_settled(START_NS - 1)
        assert not lane.is_settled(BOUNDARY_NS)
        world.end()
