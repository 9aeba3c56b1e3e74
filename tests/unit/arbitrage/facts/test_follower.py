"""Following the facts of a real port."""

import asyncio
from contextlib import suppress

from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.pb.v1.facts_pb2 import FactKind, FactState
from crossbook.plumbing.clock import Clock
from crossbook.tracker.outgoing.fact_uplinks import FactUplinks
from tests.support.aggregator.fact_server import book, serving
from tests.support.waiting import eventually

BTC = ("bybit", "BTC/USDT:USDT")


def mark(follower: FactFollower) -> tuple[float, int] | None:
    fact = follower.of(*BTC).get(FactKind.FACT_KIND_MARK_PRICE)
    return None if fact is None else (fact.value, fact.state)


async def test_facts_are_known_while_a_shard_tells_them_and_stale_while_none_does() -> None:
    """The next shard of the list is asked when one is lost."""
    targets: dict[str, str] = {}
    follower = FactFollower(lambda: targets)
    async with serving() as (_, first):
        uplinks = FactUplinks("bybit", book(), lambda: {"a": first}, Clock())
        await uplinks.send_once()
        targets["a"] = first
        task = asyncio.create_task(follower.run())
        await eventually(lambda: mark(follower) == (61800.5, FactState.FACT_STATE_KNOWN))
        await eventually(lambda: follower.of("bybit", "nothing") == {})
        for link in uplinks._links.values():
            await link.close()
    await eventually(lambda: mark(follower) == (61800.5, FactState.FACT_STATE_STALE))
    async with serving() as (_, second):
        uplinks = FactUplinks("bybit", book(), lambda: {"a": second}, Clock())
        await uplinks.send_once()
        targets["a"] = second
        await eventually(lambda: mark(follower) == (61800.5, FactState.FACT_STATE_KNOWN))
        for link in uplinks._links.values():
            await link.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
