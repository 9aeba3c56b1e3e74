"""The newest of each fact, by whom it is fed, and who follows it."""

import pytest

from crossbook.aggregator.facts.table import FactTable, Watcher
from crossbook.pb.v1.aggregator_pb2 import IngestFactsRequest, InstrumentFilter
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, InstrumentFact, InstrumentFacts
from crossbook.plumbing.errors import InvalidRequestError

RATE, MARK = FactKind.FACT_KIND_FUNDING_RATE, FactKind.FACT_KIND_MARK_PRICE
KNOWN, STALE = FactState.FACT_STATE_KNOWN, FactState.FACT_STATE_STALE
ALL = InstrumentFilter()


def told(venue: str, symbol: str, *, is_gone: bool = False, **values: float) -> IngestFactsRequest:
    kinds = {"rate": RATE, "mark": MARK}
    facts = [InstrumentFact(kind=kinds[name], value=value, state=KNOWN) for name, value in values.items()]
    row = InstrumentFacts(venue=venue, symbol=symbol, asset=symbol[:3], facts=facts, is_gone=is_gone)
    return IngestFactsRequest(venue=venue, instruments=[row])


def values(table: FactTable, wanted: InstrumentFilter = ALL) -> dict[tuple[str, str], list[float]]:
    return {(row.venue, row.symbol): [fact.value for fact in row.facts] for row in table.list(wanted, ())}


async def news(watcher: Watcher) -> list[tuple[str, list[float]]]:
    rows, _ = await anext(watcher.portions())
    return [(row.symbol, [fact.value for fact in row.facts]) for row in rows]


def test_facts_are_replaced_one_by_one() -> None:
    """What a message does not name stays."""
    table = FactTable()
    table.take(told("okx", "BTC/X", rate=0.01, mark=5.0))
    table.take(told("okx", "BTC/X", mark=6.0))
    table.take(told("bybit", "ETH/X", rate=0.02))
    assert values(table) == {("bybit", "ETH/X"): [0.02], ("okx", "BTC/X"): [0.01, 6.0]}
    assert values(table, InstrumentFilter(assets=["ETH"])) == {("bybit", "ETH/X"): [0.02]}
    table.take(told("okx", "BTC/X", is_gone=True))
    assert len(table) == 1


def test_a_venue_without_a_stream_has_stale_facts_and_the_newest_stream_counts() -> None:
    """The end of a stream that another has replaced changes nothing."""
    table = FactTable()
    first, second = table.fed("okx"), table.fed("okx")
    first.__enter__()
    table.take(told("okx", "BTC/X", rate=0.01))
    second.__enter__()
    first.__exit__(None, None, None)
    assert [fact.state for row in table.list(ALL, ()) for fact in row.facts] == [KNOWN]
    second.__exit__(None, None, None)
    [row] = table.list(ALL, ())
    assert (row.facts[0].state, row.facts[0].value, row.facts[0].reason) == (STALE, 0.01, "its tracker is away")


async def test_a_follower_is_told_everything_and_then_the_newest_of_what_changed() -> None:
    """However often a fact changes before it is read, it is told once, as it is then."""
    table = FactTable()
    table.take(told("okx", "BTC/X", rate=0.01, mark=5.0))
    with table.watched(ALL, [MARK]) as watcher:
        assert await news(watcher) == [("BTC/X", [5.0])]
        for mark in (6.0, 7.0, 8.0):
            table.take(told("okx", "BTC/X", rate=0.02, mark=mark))
        assert await news(watcher) == [("BTC/X", [8.0])]
        table.take(told("okx", "BTC/X", rate=0.03))
        table.take(told("okx", "BTC/X", is_gone=True))
        rows, is_complete = await anext(watcher.portions())
        assert ([row.is_gone for row in rows], is_complete) == ([True], True)


async def test_a_follower_is_told_in_portions() -> None:
    """The last of them says that it is all."""
    table = FactTable()
    for index in range(250):
        table.take(told("okx", f"{index:03}/X", mark=1.0))
    with table.watched(ALL, ()) as watcher:
        portions = watcher.portions()
        assert [(len(rows), done) for rows, done in [await anext(portions), await anext(portions)]] == [
            (200, False),
            (50, True),
        ]


@pytest.mark.parametrize(
    "request_",
    [
        told("okx", ""),
        told("okx", "BTC\n/X"),
        IngestFactsRequest(venue="okx", instruments=[InstrumentFacts(venue="bybit", symbol="A", asset="A")]),
    ],
)
def test_rows_that_name_nobody_are_refused_whole(request_: IngestFactsRequest) -> None:
    """Nothing of such a message is taken."""
    table = FactTable()
    with pytest.raises(InvalidRequestError):
        table.take(request_)
    assert len(table) == 0
