"""Answers that are shared for a moment: one flight for each question, and none that a change outdates."""

import asyncio

import pytest

from crossbook.gateway.rest.cache import MAX_ENTRIES, Cache

KEY = ("method", b"request")


class Backend:
    """Answers when it is let, with how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_open = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> bytes:
        self.asked += 1
        answer = b"%d" % self.asked
        await self.is_open.wait()
        if self.error:
            raise self.error
        return answer


async def test_all_who_ask_while_one_flies_are_given_its_answer() -> None:
    """However many they are; and those who ask while it is young."""
    now = [0.0]
    cache, backend = Cache(lambda: now[0]), Backend()
    asking = [asyncio.create_task(cache.get(KEY, 1.0, backend)) for _ in range(1_000)]
    await asyncio.sleep(0)
    backend.is_open.set()
    assert {await one for one in asking} == {b"1"}
    now[0] = 0.9
    assert await cache.get(KEY, 1.0, backend) == b"1"
    now[0] = 1.1
    assert await cache.get(KEY, 1.0, backend) == b"2"


async def test_a_failure_is_told_to_all_who_wait_and_to_nobody_after() -> None:
    """The next one asks again."""
    cache, backend = Cache(), Backend()
    backend.error = TimeoutError("slow")
    backend.is_open.set()
    answers = await asyncio.gather(*(cache.get(KEY, 1.0, backend) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [TimeoutError] * 3
    assert backend.asked == 1
    backend.error = None
    assert await cache.get(KEY, 1.0, backend) == b"2"


async def test_who_leaves_takes_nobody_with_them() -> None:
    """The flight goes on for the others."""
    cache, backend = Cache(), Backend()
    leaving, staying = (asyncio.create_task(cache.get(KEY, 1.0, backend)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    backend.is_open.set()
    assert await staying == b"1"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_change_outdates_what_flies_too() -> None:
    """Who wrote reads what they wrote."""
    cache, backend = Cache(), Backend()
    before = asyncio.create_task(cache.get(KEY, 10.0, backend))
    await asyncio.sleep(0)
    cache.clear()
    backend.is_open.set()
    assert await before == b"1"
    assert await cache.get(KEY, 10.0, backend) == b"2"


async def test_it_holds_so_many_and_what_is_never_shared_is_not_held() -> None:
    """The oldest goes."""
    cache, backend = Cache(), Backend()
    backend.is_open.set()
    for number in range(MAX_ENTRIES + 2):
        await cache.get(("method", b"%d" % number), 10.0, backend)
    asked = backend.asked
    await cache.get(("method", b"%d" % (MAX_ENTRIES + 1)), 10.0, backend)
    assert backend.asked == asked
    await cache.get(("method", b"0"), 10.0, backend)
    await cache.get(KEY, 0.0, backend)
    await cache.get(KEY, 0.0, backend)
    assert backend.asked == asked + 3
