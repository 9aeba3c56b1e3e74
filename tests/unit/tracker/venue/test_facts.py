"""Asking a venue for facts, over real HTTP."""

from crossbook._core import Instrument
from crossbook.pb.v1.aggregator_pb2 import IngestFactsRequest
from crossbook.pb.v1.facts_pb2 import FactKind
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.settings import Endpoint
from crossbook.tracker.venue.facts import Facts
from crossbook.tracker.venue.reach import Reach
from crossbook.transport.budget import Budget
from crossbook.transport.fetcher import Fetcher
from crossbook.transport.limits import Limits
from tests.support.alerts.http_answers import answer, answering

BTC = Instrument(
    venue="bybit",
    symbol="BTC/USDT:USDT",
    native_symbol="BTCUSDT",
    asset="BTC",
    quote_currency="USDT",
    settle_currency="USDT",
)
TICKERS = b'{"result":{"list":[{"symbol":"BTCUSDT","markPrice":"61800.5"}]},"time":1800000000000}'
MARKETS = b'{"result":{"list":[{"symbol":"BTCUSDT","status":"Trading","lotSizeFilter":{"minNotionalValue":"5"}}]}}'


def values(facts: Facts) -> dict[int, float]:
    told = IngestFactsRequest.FromString(facts.book.take_changes(Clock().now_ns()))
    return {fact.kind: fact.value for row in told.instruments for fact in row.facts if fact.HasField("value")}


async def test_what_is_due_is_asked_and_what_was_listed_before_anything_was_tracked_is_not_lost() -> None:
    """The market list comes first, then the choice of it, then the answers."""
    async with answering(answer(200, TICKERS)) as server, Fetcher("bybit", Budget(100)) as fetcher:
        reach = Reach("bybit", Endpoint(rest_url=server.url), Limits(Budget(100), Budget(100)), fetcher)
        facts = Facts(reach, Clock())
        await facts.take_listing([MARKETS])
        assert not await facts.ask_once(), "nothing is tracked"
        facts.track([BTC])
        await facts._take_listed()
        assert await facts.ask_once()
        assert not await facts.ask_once()
    told = values(facts)
    assert told[FactKind.FACT_KIND_MIN_NOTIONAL] == 5.0
    assert told[FactKind.FACT_KIND_MARK_PRICE] == 61800.5


async def test_an_answer_that_is_none_is_counted_and_nothing_is_known_of_it() -> None:
    """The venue's next answer mends it."""
    async with answering(answer(500)) as server, Fetcher("bybit", Budget(100)) as fetcher:
        reach = Reach("bybit", Endpoint(rest_url=server.url), Limits(Budget(100), Budget(100)), fetcher)
        facts = Facts(reach, Clock())
        facts.track([BTC])
        assert await facts.ask_once()
    assert facts.book.counts() == (0, 1, 0)
    assert FactKind.FACT_KIND_MARK_PRICE not in values(facts)
