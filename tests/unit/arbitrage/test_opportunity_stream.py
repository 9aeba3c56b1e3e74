"""What one WatchOpportunities call is told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from crossbook._core import STALE, ResumeToken
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from tests.support.aggregator.fanout import Tick, payload
from tests.support.arbitrage.told_events import EVERYTHING, told
from tests.support.arbitrage.watching import WatchedScan, watch

OPENED, UPDATED, CLOSED = (
    pb.OPPORTUNITY_EVENT_KIND_OPENED,
    pb.OPPORTUNITY_EVENT_KIND_UPDATED,
    pb.OPPORTUNITY_EVENT_KIND_CLOSED,
)
Messages = AsyncGenerator[bytes, None]


@pytest.fixture
def live(arguments: ScannerArguments) -> WatchedScan:
    """A scan with no opportunity yet."""
    return WatchedScan(arguments)


def tick(live: WatchedScan, bid: float, asset: str = "BTC") -> None:
    """`cheap` asks 100, `dear` bids."""
    live.on_batch(payload(Tick("cheap", 99.9, 100.0, asset), Tick("dear", bid, bid + 0.1, asset)))


async def take(messages: Messages) -> list[pb.OpportunityEvent]:
    """The events of the next message that has any."""
    async with asyncio.timeout(30):
        while not (message := pb.WatchOpportunitiesResponse.FromString(await anext(messages))).events:
            pass
        return list(message.events)


async def first_live(messages: Messages) -> "asyncio.Task[bytes]":
    """Starts a call that has nothing to begin with; done when its first event has come."""
    assert pb.WatchOpportunitiesResponse.FromString(await anext(messages)).is_caught_up
    return asyncio.ensure_future(anext(messages))


async def test_a_new_call_gets_what_is_open_then_what_happens(live: WatchedScan) -> None:
    """OPENED for the open ones, then live events; a closed one is not told."""
    tick(live, 101.0, "BTC")
    tick(live, 102.0, "ETH")
    tick(live, 100.0, "BTC")
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest())) as messages:
        (opened,) = await take(messages)
        assert (opened.kind, opened.opportunity.asset) == (OPENED, "ETH")
        tick(live, 100.0, "ETH")
        (closed,) = await take(messages)
        assert (closed.kind, closed.opportunity.id) == (CLOSED, opened.opportunity.id)
        assert closed.close_reason == pb.REFUSAL_REASON_BELOW_THRESHOLD


@pytest.mark.parametrize("is_resuming", [False, True])
async def test_it_says_when_all_that_was_missed_is_told(live: WatchedScan, is_resuming: bool) -> None:
    """Once: after what is open or was missed, before what happens."""
    token = EVERYTHING.encode() if is_resuming else ""
    tick(live, 101.0)
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest(resume_token=token))) as messages:
        came = [pb.WatchOpportunitiesResponse.FromString(await anext(messages)) for _ in range(2)]
        tick(live, 100.0)
        came.append(pb.WatchOpportunitiesResponse.FromString(await anext(messages)))
    assert [(len(message.events), message.is_caught_up) for message in came] == [(1, False), (0, True), (1, False)]


async def test_an_open_one_is_told_as_it_is_now(live: WatchedScan) -> None:
    """The OPENED that begins a call carries today's numbers and the identity it opened with."""
    tick(live, 101.0)
    tick(live, 102.0)
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest())) as messages:
        (opened,) = await take(messages)
    assert opened.kind == OPENED
    assert opened.opportunity.sell.price == 102.0
    assert opened.opportunity.peak_net_percent == opened.opportunity.costs.net_percent


async def test_resuming_tells_exactly_what_was_missed(live: WatchedScan) -> None:
    """From any event's token on, the rest of the story follows without a hole or a repetition."""
    for bid in (101.0, 102.0, 100.0, 101.0):
        tick(live, bid)
    events = told(live.scanner)
    assert [event.kind for event in events] == [OPENED, UPDATED, CLOSED, OPENED]
    for position, event in enumerate(events[:-1]):
        request = pb.WatchOpportunitiesRequest(resume_token=event.resume_token)
        async with aclosing(watch(live, request)) as messages:
            assert await take(messages) == events[position + 1 :]


async def test_stopping_within_the_beginning_starts_again(live: WatchedScan) -> None:
    """Only the last of the opening OPENEDs bears a token, so that none of them can be skipped."""
    for asset in ("BTC", "ETH", "SOL"):
        tick(live, 101.0, asset)
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest())) as messages:
        tokens = [event.resume_token for event in await take(messages)]
    assert tokens[:2] == ["", ""]
    assert ResumeToken.decode(tokens[2]).number == 3


async def test_filters_hold_for_the_whole_life(live: WatchedScan) -> None:
    """An opportunity that opened below the wanted net stays out, whatever it later pays."""
    request = pb.WatchOpportunitiesRequest(min_net_percent=1.5, venues=["cheap", "dear"])
    async with aclosing(watch(live, request)) as messages:
        waiting = await first_live(messages)
        tick(live, 101.0, "BTC")
        tick(live, 105.0, "BTC")
        tick(live, 102.0, "ETH")
        (first,) = pb.WatchOpportunitiesResponse.FromString(await asyncio.wait_for(waiting, 30)).events
    assert (first.kind, first.opportunity.asset) == (OPENED, "ETH")


async def test_what_comes_to_pass_is_told_from_then_to_its_end(live: WatchedScan) -> None:
    """Not its opening, and also while it does not pass any more; what never passed has no end either."""
    conditions = pb.OpportunityFilter(min_sized_notional=100, passes_unknown=True, excluded_assets=["ETH"])
    request = pb.WatchOpportunitiesRequest(symbols=["BTC/USDT:USDT"], filter=conditions)
    async with aclosing(watch(live, request)) as messages:
        waiting = await first_live(messages)
        for asset in ("ETH", "SOL", "BTC"):
            tick(live, 101.0, asset)
            tick(live, 100.0, asset)
        told = list(pb.WatchOpportunitiesResponse.FromString(await asyncio.wait_for(waiting, 30)).events)
        if len(told) < 2:
            told += await take(messages)
    assert [(event.kind, event.opportunity.asset) for event in told] == [(OPENED, "BTC"), (CLOSED, "BTC")]


@pytest.mark.parametrize(
    "request_",
    [
        pb.WatchOpportunitiesRequest(venues=["cheap"]),
        pb.WatchOpportunitiesRequest(assets=["ETH"]),
        pb.WatchOpportunitiesRequest(symbols=["x"]),
    ],
)
async def test_other_venues_and_assets_are_left_out(live: WatchedScan, request_: pb.WatchOpportunitiesRequest) -> None:
    """Both legs must be of the wanted venues, and the asset one of the wanted."""
    tick(live, 101.0)
    async with aclosing(watch(live, request_)) as messages:
        waiting = await first_live(messages)
        live.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 30)


async def test_a_slow_client_loses_the_oldest_events_and_is_told(live: WatchedScan) -> None:
    """The queue is bounded; dropped_events counts what it lost, and other readers' messages stay untouched."""
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest(), queue_limit=2)) as messages:
        waiting = await first_live(messages)
        for bid in (101.0, 102.0, 103.0, 104.0, 105.0):
            tick(live, bid)
        message = pb.WatchOpportunitiesResponse.FromString(await asyncio.wait_for(waiting, 30))
    assert [event.opportunity.sell.price for event in message.events] == [104.0, 105.0]
    assert message.dropped_events == 3


async def test_what_waits_for_a_busy_client_comes_in_one_message(live: WatchedScan) -> None:
    """In its order; it is woken once for all of it."""
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest())) as messages:
        waiting = await first_live(messages)
        for number in range(200):
            tick(live, 101.0 + number % 2)
        first = await asyncio.wait_for(waiting, 30)
    assert list(pb.WatchOpportunitiesResponse.FromString(first).events) == told(live.scanner)


async def test_a_call_that_is_left_leaves_nothing_behind(live: WatchedScan) -> None:
    """Whether it was left while it waited or before it had taken its beginning."""
    tick(live, 101.0)
    messages = watch(live, pb.WatchOpportunitiesRequest())
    await anext(messages)
    assert live.scanner.watching_now() == (1, 0)
    await messages.aclose()
    async with aclosing(watch(live, pb.WatchOpportunitiesRequest(assets=["ETH"]))) as others:
        waiting = await first_live(others)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert live.scanner.watching_now() == (0, 0)


async def test_a_malformed_token_is_refused(live: WatchedScan) -> None:
    """It names its field and leaves no subscription behind."""
    with pytest.raises(InvalidRequestError, match="resume_token"):
        await anext(watch(live, pb.WatchOpportunitiesRequest(resume_token="?")))
    assert live.scanner.watching_now() == (0, 0)


async def test_losing_the_stream_of_quotes_closes_what_is_open(live: WatchedScan) -> None:
    """Nothing is held open on quotes that nobody vouches for."""
    tick(live, 101.0)
    live.on_disconnected()
    assert live.scanner.open_opportunities() == []
    kinds = [event.kind for event in told(live.scanner)]
    assert kinds == [OPENED, CLOSED]


async def test_a_book_that_goes_stale_closes_with_that_reason(live: WatchedScan) -> None:
    """The reason of the gate is told, and counted."""
    tick(live, 101.0)
    live.on_batch(payload(Tick("dear", 0, 0, state=STALE)))
    (_, closed) = told(live.scanner)
    assert closed.close_reason == pb.REFUSAL_REASON_NOT_LIVE
    assert live.scanner.stats().refusals == [(pb.REFUSAL_REASON_NOT_LIVE, 1)]
