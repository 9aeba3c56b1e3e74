"""Limits over a sliding window, here of a fraction of a second; order is asserted, lateness is not."""

import asyncio
from itertools import pairwise

from crossbook.transport.budget import Budget

WINDOW_SECONDS = 0.2


async def test_what_fits_is_given_at_once() -> None:
    """The whole limit may be spent without a wait."""
    budget = Budget(10, window_seconds=3600)
    async with asyncio.timeout(30):
        await budget.acquire(4)
        await budget.acquire(6)


async def test_no_window_holds_more_than_the_limit() -> None:
    """However many ask at once, any window's length holds at most the limit."""
    budget = Budget(3, WINDOW_SECONDS)
    times = await asyncio.gather(*(budget.acquire() for _ in range(10)))
    gaps = [later - earlier for earlier, later in zip(times, times[3:], strict=False)]
    assert len(gaps) == 7
    assert min(gaps) >= WINDOW_SECONDS


async def test_more_than_the_limit_is_given_as_the_limit() -> None:
    """A single request heavier than the whole budget does not wait for ever."""
    async with asyncio.timeout(30):
        await Budget(5).acquire(300)


async def test_those_who_ask_first_get_first() -> None:
    """A light request does not overtake a heavy one that waits."""
    budget, order = Budget(2, WINDOW_SECONDS), []

    async def spend(name: str, weight: int) -> None:
        await budget.acquire(weight)
        order.append(name)

    await asyncio.gather(spend("first", 1), spend("heavy", 2), spend("light", 1))
    assert order == ["first", "heavy", "light"]


async def test_a_pause_holds_everybody_and_the_longer_one_stands() -> None:
    """Nothing is given during a pause, and a shorter pause does not end a longer one."""
    budget = Budget(100)
    budget.pause(3600)
    budget.pause(0.01)
    waiting = asyncio.create_task(budget.acquire())
    done, _ = await asyncio.wait((waiting,), timeout=0.2)
    assert not done
    waiting.cancel()


async def test_one_who_gives_up_does_not_block_the_next() -> None:
    """A cancelled wait leaves its turn to the next."""
    budget = Budget(1, WINDOW_SECONDS)
    await budget.acquire()
    waiting = asyncio.create_task(budget.acquire())
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(30):
        await budget.acquire()


async def test_what_is_urgent_comes_before_what_waits_longer() -> None:
    """A check that waits does not hold up a book that is down."""
    budget, order = Budget(1, WINDOW_SECONDS), []
    await budget.acquire()

    async def spend(name: str, *, is_urgent: bool) -> None:
        await budget.acquire(is_urgent=is_urgent)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(spend("check", is_urgent=False))
        tasks.create_task(spend("another check", is_urgent=False))
        await asyncio.sleep(0)
        tasks.create_task(spend("book", is_urgent=True))
    assert order == ["book", "check", "another check"]


async def test_a_spacing_keeps_those_apart_who_ask_at_once() -> None:
    """At least half of it lies between any two, though the limit would allow all at once."""
    budget = Budget(100, spacing_seconds=0.05)
    times = sorted(await asyncio.gather(*(budget.acquire() for _ in range(6))))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= 0.025
    assert len({round(gap, 4) for gap in gaps}) > 1, "and not the same between all"
