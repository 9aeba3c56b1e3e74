"""Following the facts of a real port."""

import asyncio
from contextlib import suppress

from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.pb.v1.aggregator_pb2 import WatchInstrumentFactsResponse
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, InstrumentFacts
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.tracker.outgoing.fact_uplinks import FactUplinks
from tests.support.aggregator.fact_server import book, serving
from tests.support.arbitrage.facts import told_facts
from tests.support.waiting import eventually

BTC = ("bybit", "BTC/USDT:USDT")


def mark(follower: FactFollower) -> tuple[float, int] | None:
    """Of the one instrument."""
    rows = held(follower)
    facts = [fact for row in rows for fact in row.facts if fact.kind == FactKind.FACT_KIND_MARK_PRICE]
    assert {(row.venue, row.symbol) for row in rows} <= {BTC}
    return (facts[0].value, facts[0].state) if facts else None


def held(follower: FactFollower) -> list[InstrumentFacts]:
    return list(WatchInstrumentFactsResponse.FromString(follower.told()).instruments)


async def test_facts_are_known_while_a_shard_tells_them_and_stale_while_none_does() -> None:
    """The next shard of the list is asked when one is lost."""
    targets: dict[str, str] = {}
    told: list[bytes] = []
    follower = FactFollower(lambda: targets, told.append, Clock())
    async with serving() as (_, first):
        uplinks = FactUplinks("bybit", book(), lambda: {"a": first}, Clock())
        await uplinks.send_once()
        targets["a"] = first
        task = asyncio.create_task(follower.run())
        await eventually(lambda: mark(follower) == (61800.5, FactState.FACT_STATE_KNOWN))
        for link in uplinks._links.values():
            await link.close()
    await eventually(lambda: mark(follower) == (61800.5, FactState.FACT_STATE_STALE))
    (stale,) = WatchInstrumentFactsResponse.FromString(told[-1]).instruments
    assert {fact.state for fact in stale.facts} == {FactState.FACT_STATE_STALE}, "the scan hears of it, too"
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


def test_the_scan_is_told_what_it_uses_and_what_the_next_shard_no_longer_tells_is_gone() -> None:
    """Steps of prices are nothing to it; an instrument is gone only once the shard has told everything."""
    told: list[bytes] = []
    follower = FactFollower(dict, told.append, Clock())
    follower.take(told_facts("a", mark=1.0, tick_size=0.1))
    follower.take(told_facts("b", mark=1.0))
    follower.begin()
    follower.take(told_facts("b", tick_size=0.1))
    assert [row.venue for row in held(follower)] == ["a", "b"]
    last = told_facts("b", tick_size=0.2)
    last.is_complete = True
    follower.take(last)
    rows = [row for payload in told for row in WatchInstrumentFactsResponse.FromString(payload).instruments]
    mark_only = [FactKind.FACT_KIND_MARK_PRICE]
    assert [row.venue for row in held(follower)] == ["b"]
    assert [(row.venue, [fact.kind for fact in row.facts], row.is_gone) for row in rows] == [
        ("a", mark_only, False),
        ("b", mark_only, False),
        ("a", [], True),
    ]


async def test_a_loss_that_lasts_is_a_problem_and_nothing_told_ever_is_none() -> None:
    """A minute after the last shard was lost health checkers hear of it."""
    now_ns = SECOND_NS
    follower = FactFollower(lambda: targets, lambda _: None, Clock(lambda: now_ns))
    assert follower.problem(1 << 60) == ""
    async with serving() as (_, target):
        targets = {"a": target}
        task = asyncio.create_task(follower.run())
        await eventually(lambda: follower.is_following)
    await eventually(lambda: not follower.is_following)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert follower.problem(now_ns + 59 * SECOND_NS) == ""
    assert follower.problem(now_ns + 61 * SECOND_NS) == "no shard has told facts of instruments for 61 s"
