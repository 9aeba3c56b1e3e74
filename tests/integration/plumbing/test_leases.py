"""Slots shared out among members, against a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from crossbook.plumbing.data.leases import LEASE_SECONDS, PREFIX, SlotLeases, wanted_slots
from crossbook.plumbing.data.redis import Redis, open_redis
from tests.support.waiting import eventually

SLOTS = 64
Join = Callable[[str], SlotLeases]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_redis(redis_url)
    yield client
    await client.aclose()


class Clock:
    """A process's own time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def join(redis: Redis) -> Join:
    return lambda name: SlotLeases(redis, "test", SLOTS, name)


async def take_turns(*members: SlotLeases) -> None:
    """What each does every second."""
    for member in members:
        unwanted = (await member.take_turn()).unwanted
        member.end(unwanted)
        await member.release([tenure.slot for tenure in unwanted])


async def settled(*members: SlotLeases) -> None:
    """Takes turns until every slot has an owner that wants it."""

    async def is_settled() -> bool:
        await take_turns(*members)
        names = [member.member for member in members]
        return all(set(member.tenures) == wanted_slots(member.member, names, SLOTS) for member in members)

    await eventually(is_settled)


def all_slots(*members: SlotLeases) -> list[int]:
    return sorted(slot for member in members for slot in member.tenures)


async def test_members_share_all_slots_and_none_twice(join: Join) -> None:
    """Who comes takes its share from the others only."""
    first, second, third = (join(name) for name in ("a", "b", "c"))
    await settled(first)
    assert all_slots(first) == list(range(SLOTS))
    await settled(first, second)
    before = set(first.tenures)
    await settled(first, second, third)
    assert all_slots(first, second, third) == list(range(SLOTS))
    assert min(len(member.tenures) for member in (first, second, third)) > SLOTS // 6
    assert set(first.tenures) <= before


async def test_a_slot_is_gained_only_once_its_owner_has_given_it_back(join: Join) -> None:
    """A turn never takes what another holds."""
    first, second = join("a"), join("b")
    await take_turns(first)
    assert (await second.take_turn()).gained == []
    turn = await first.take_turn()
    assert len(turn.unwanted) == len(wanted_slots("b", ["a", "b"], SLOTS))
    assert (await second.take_turn()).gained == []
    first.end(turn.unwanted)
    assert all(tenure.is_over for tenure in turn.unwanted)
    await first.release([tenure.slot for tenure in turn.unwanted])
    assert len((await second.take_turn()).gained) == len(turn.unwanted)


async def test_the_slots_of_one_that_died_are_taken_once_its_leases_lapse(join: Join) -> None:
    """By Redis' clock: the test moves no clock and waits for the condition."""
    dead, survivor = join("dead"), join("survivor")
    await settled(dead, survivor)
    held = list(dead.tenures.values())
    await eventually(lambda: take_over(survivor))
    assert not any(tenure.is_current for tenure in held)
    assert (await dead.take_turn()).lost == held, "should it only have been asleep, it learns so at its first turn"
    assert dead.tenures == {}


async def take_over(member: SlotLeases) -> bool:
    await take_turns(member)
    return all_slots(member) == list(range(SLOTS))


async def test_one_that_leaves_is_followed_at_once(join: Join) -> None:
    """Its slots are free and nobody waits for its heartbeat."""
    leaving, staying = join("leaving"), join("staying")
    await settled(leaving, staying)
    slots = list(leaving.tenures)
    leaving.end(list(leaving.tenures.values()))
    await leaving.release(slots)
    await leaving.leave()
    await staying.take_turn()
    assert all_slots(staying) == list(range(SLOTS))


async def test_a_process_that_was_stopped_knows_before_it_acts(redis: Redis) -> None:
    """Its own clock says so, though nobody told it anything."""
    clock = Clock()
    member = SlotLeases(redis, "test", SLOTS, "a", clock)
    await member.take_turn()
    tenure = member.tenures[0]
    clock.now = LEASE_SECONDS * 0.9
    assert tenure.is_current
    clock.now = LEASE_SECONDS
    assert not tenure.is_current
    assert not tenure.is_over, "nobody else is known to have it"
    await member.take_turn()
    assert tenure.is_current


async def test_leases_of_before_the_servers_clock_was_set_back_hold_nobody_up(join: Join, redis: Redis) -> None:
    """A dead member's heartbeat and leases, which would end in an hour only, are over at the next turn."""
    an_hour_ms = 3_600_000
    seconds, _ = await redis.time()
    await redis.zadd(f"{PREFIX}{{test}}:members", {"dead": seconds * 1000 + an_hour_ms})
    for slot in range(SLOTS):
        await redis.set(f"{PREFIX}{{test}}:slot:{slot}", "dead", px=an_hour_ms)
    member = join("a")
    await member.take_turn()
    assert all_slots(member) == list(range(SLOTS))


async def test_a_lease_that_another_got_meanwhile_is_lost(join: Join, redis: Redis) -> None:
    """A renewal never takes it back, nor does a release free it."""
    first = join("a")
    await first.take_turn()
    await redis.set(f"{PREFIX}{{test}}:slot:7", "b", px=round(LEASE_SECONDS * 1000))
    turn = await first.take_turn()
    assert [tenure.slot for tenure in turn.lost] == [7]
    assert turn.lost[0].is_over
    await first.release([7])
    assert await redis.get(f"{PREFIX}{{test}}:slot:7") == "b"


async def test_after_redis_forgot_everything_each_takes_its_own_first(join: Join, redis: Redis) -> None:
    """The first one back does not take what is the others': their tenures go on."""
    first, second = join("a"), join("b")
    await settled(first, second)
    before = [dict(member.tenures) for member in (first, second)]
    await redis.flushall()
    await asyncio.gather(first.take_turn(), second.take_turn())
    await settled(first, second)
    assert [member.tenures for member in (first, second)] == before
