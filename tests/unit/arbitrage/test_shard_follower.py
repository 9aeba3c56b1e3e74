"""Following several shards, each a real server of quotes, and a list of them that changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from crossbook._core import MOVED
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from crossbook.plumbing.tasks import Keeper
from tests.support.aggregator.fanout import Fanout, Tick, running_fanout
from tests.support.waiting import eventually

CHEAP, DEAR = Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1)


class Followed:
    """A follower that runs, and what it has told."""

    def __init__(self, live: LiveScan, plane: PlaneThread) -> None:
        self.live = live
        self.told: list[bool] = []
        self.follower = ShardFollower({}, live, plane)

    async def hear(self, is_connected: bool) -> None:
        """Whether any stream is up."""
        self.told.append(is_connected)

    async def follow(self, **fanouts: Fanout) -> None:
        """Takes this list, and waits until it is followed."""
        self.follower.choose({name: f"127.0.0.1:{fanout.port}" for name, fanout in fanouts.items()})
        await eventually(lambda: self.connections == dict.fromkeys(fanouts, True))

    @property
    def connections(self) -> dict[str, bool]:
        """By shard."""
        return self.follower.connections

    async def until_open(self, count: int) -> None:
        """Waits for so many open opportunities."""
        await eventually(lambda: self.live.scanner.stats().open_now == count)


@pytest.fixture
async def followed(arguments: ScannerArguments) -> AsyncIterator[Followed]:
    """Nothing is listed yet."""
    async with open_plane() as plane:
        followed = Followed(LiveScan(arguments), plane)
        task = asyncio.create_task(followed.follower.run(followed.hear, Keeper(ServiceHealth().tell)))
        yield followed
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def fanouts(count: int) -> AsyncIterator[list[Fanout]]:
    """So many shards."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running_fanout()) for _ in range(count)]


async def test_a_pair_may_have_its_legs_on_two_shards(followed: Followed) -> None:
    """What one shard tells is compared with what the other tells; the loss of one closes what it had a leg of."""
    async with fanouts(2) as (a, b):
        await followed.follow(a=a, b=b)
        a.send(CHEAP)
        b.send(DEAR)
        await followed.until_open(1)
        b.cut()
        await followed.until_open(0)
        assert followed.live.scanner.open_legs(0) == 1


async def test_one_shard_is_enough_to_be_connected(followed: Followed) -> None:
    """False is told only once no stream is up any more."""
    async with running_fanout() as a:
        async with running_fanout() as b:
            await followed.follow(a=a, b=b)
            followed.told.clear()
        await eventually(lambda: followed.connections == {"a": True, "b": False})
        assert set(followed.told) == {True}
    await eventually(lambda: followed.told[-1] is False)


async def test_a_shard_that_is_not_listed_any_more_is_left_once_it_has_no_open_instrument(followed: Followed) -> None:
    """The instruments that it gives away to the others stay, and so does what is open."""
    async with fanouts(2) as (a, b):
        await followed.follow(a=a, b=b)
        a.send(CHEAP)
        b.send(DEAR)
        await followed.until_open(1)
        followed.follower.choose({"a": f"127.0.0.1:{a.port}"})
        b.send(Tick("dear", 101.5, 101.6))
        await eventually(lambda: _sell_prices(followed) == [101.5])
        assert followed.connections == {"a": True, "b": True}
        b.send(Tick("dear", 0, 0, state=MOVED))
        a.send(Tick("dear", 102.0, 102.1))
        await eventually(lambda: followed.connections == {"a": True})
        await eventually(lambda: b.connected == 0)
        assert _sell_prices(followed) == [102.0]
        assert followed.live.scanner.stats().closed == 0


async def test_a_shard_at_another_target_takes_over_before_the_old_one_is_left(followed: Followed) -> None:
    """Nothing closes on the way, and the number of who is left is free again."""
    async with fanouts(2) as (old, new):
        await followed.follow(main=old)
        old.send(CHEAP, DEAR)
        await followed.until_open(1)
        await followed.follow(main=new)
        await eventually(lambda: new.connected == 1)
        new.send(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1))
        await eventually(lambda: old.connected == 0)
        await followed.follow(main=new, other=old)
        assert [followed.live.scanner.open_legs(number) for number in (0, 1)] == [0, 2]
        assert followed.live.scanner.stats().closed == 0


def _sell_prices(followed: Followed) -> list[float]:
    return [spread.sell.price for spread in followed.live.scanner.open_opportunities()]
