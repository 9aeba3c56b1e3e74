"""A venue's facts on their way to every shard, over real ports."""

from crossbook.pb.v1.facts_pb2 import FactState
from crossbook.plumbing.clock import Clock
from crossbook.tracker.outgoing.fact_uplinks import FactUplinks
from tests.support.aggregator.fact_server import NOW_NS, book, marks, serving
from tests.support.waiting import eventually


async def test_what_a_tracker_knows_is_told_to_every_shard_and_again_to_one_that_comes_back() -> None:
    """A shard that was away is told everything, though nothing is new."""
    known = book()
    async with serving() as (one, first), serving() as (two, second):
        uplinks = FactUplinks("bybit", known, lambda: {"a": first, "b": second}, Clock())
        await uplinks.send_once()
        assert marks(one.table) == marks(two.table) == [(61800.5, FactState.FACT_STATE_KNOWN)]
        one.table._rows.clear()
        await uplinks._links[first].close()
        del uplinks._links[first]
        await uplinks.send_once()
        assert marks(one.table) == [(61800.5, FactState.FACT_STATE_KNOWN)]
        for link in uplinks._links.values():
            await link.close()
        await eventually(lambda: marks(two.table) == [(61800.5, FactState.FACT_STATE_STALE)])


async def test_while_no_shard_is_there_news_wait_in_the_book() -> None:
    """Nothing is taken out of it that nobody is told."""
    known = book()
    uplinks = FactUplinks("bybit", known, lambda: {"a": "127.0.0.1:1"}, Clock())
    await uplinks.send_once()
    assert known.take_changes(NOW_NS) != b""
    await uplinks._links["127.0.0.1:1"].close()
