"""The arbitrage service over real gRPC, following a real stream of columnar batches."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from structlog.testing import capture_logs

from crossbook._core import STALE
from crossbook.arbitrage.app import QUOTE_TIMES
from crossbook.arbitrage.recorder import replay
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, now_ns
from tests.support.aggregator.fanout import Fanout, Tick, running_fanout
from tests.support.arbitrage.arbitrage_process import RunningArbitrage, running_arbitrage
from tests.support.arbitrage.opportunity_events import EventReader
from tests.support.waiting import eventually

DEADLINE_SECONDS = 5.0
CHEAP = Tick("cheap", 99.9, 100.0)
DEAR = Tick("dear", 101.0, 101.1)


@pytest.fixture
async def fanout() -> AsyncIterator[Fanout]:
    """The aggregator's role."""
    async with running_fanout() as server:
        yield server


@pytest.fixture
async def arbitrage(fanout: Fanout, free_port: int) -> AsyncIterator[RunningArbitrage]:
    """The service, connected."""
    async with running_arbitrage(free_port, fanout.port) as running:
        yield running


async def events_of(arbitrage: RunningArbitrage, count: int, resume_token: str = "") -> list[pb.OpportunityEvent]:
    """The first events of a new call."""
    call = arbitrage.stub.WatchOpportunities(pb.WatchOpportunitiesRequest(resume_token=resume_token))
    try:
        async with asyncio.timeout(30):
            reader = EventReader(aiter(call))
            return [await anext(reader) for _ in range(count)]
    finally:
        call.cancel()


async def scanned(arbitrage: RunningArbitrage, quotes: int) -> None:
    """Returns once the service has taken so many quotes."""

    async def has_taken() -> bool:
        stats = await arbitrage.stub.GetArbitrageStats(pb.GetArbitrageStatsRequest(), timeout=DEADLINE_SECONDS)
        return stats.quotes_scanned >= quotes

    await eventually(has_taken)


async def test_an_opportunity_is_told_from_open_to_close(fanout: Fanout, arbitrage: RunningArbitrage) -> None:
    """OPENED, UPDATED and CLOSED arrive with one id, and a client that resumes misses none."""
    fanout.send(CHEAP, DEAR)
    (opened,) = await events_of(arbitrage, 1)
    assert opened.kind == pb.OPPORTUNITY_EVENT_KIND_OPENED
    opportunity = opened.opportunity
    assert (opportunity.buy.venue, opportunity.sell.venue, opportunity.asset) == ("cheap", "dear", "BTC")
    assert opportunity.costs.gross_percent == pytest.approx(1.0)
    assert opportunity.costs.net_percent == pytest.approx(1.0 - 2 * (0.05 + 0.05 * 1.01))
    assert opportunity.executable_notional == pytest.approx(1000.0)
    fanout.send(Tick("dear", 102.0, 102.1))
    fanout.send(Tick("dear", 0, 0, state=STALE))
    updated, closed = await events_of(arbitrage, 2, opened.resume_token)
    assert updated.kind == pb.OPPORTUNITY_EVENT_KIND_UPDATED
    assert (closed.kind, closed.close_reason) == (pb.OPPORTUNITY_EVENT_KIND_CLOSED, pb.REFUSAL_REASON_NOT_LIVE)
    assert {updated.opportunity.id, closed.opportunity.id} == {opportunity.id}
    assert closed.opportunity.peak_net_percent == updated.opportunity.costs.net_percent
    assert closed.HasField("duration")


async def test_who_cannot_use_any_quote_for_its_clock_says_that_it_does_not_serve(
    fanout: Fanout, arbitrage: RunningArbitrage
) -> None:
    """Every quote bears a time to come: nothing can be found, and whoever follows it can go to another replica."""
    fanout.send(CHEAP, DEAR)
    await scanned(arbitrage, 2)
    assert await arbitrage.is_serving()
    ahead_ns = now_ns() + 3600 * SECOND_NS
    with capture_logs() as logs:
        fanout.send(replace(CHEAP, receive_ns=ahead_ns), replace(DEAR, receive_ns=ahead_ns))
        await eventually(lambda: any(QUOTE_TIMES in line for line in logs if line["event"] == "not_serving"))
    assert not await arbitrage.is_serving()
    fanout.send(CHEAP, DEAR)
    await eventually(arbitrage.is_serving)


async def test_the_list_is_sorted_filtered_and_limited(fanout: Fanout, arbitrage: RunningArbitrage) -> None:
    """Best net first; every filter holds."""
    fanout.send(
        CHEAP,
        DEAR,
        Tick("third", 100.5, 100.6),
        Tick("cheap", 9.9, 10.0, "ETH", 100),
        Tick("dear", 10.4, 10.5, "ETH", 100),
    )
    await scanned(arbitrage, 5)

    async def rows(**fields: object) -> list[tuple[str, str, str]]:
        request = pb.ListOpportunitiesRequest(**fields)  # type: ignore[arg-type]
        answer = await arbitrage.stub.ListOpportunities(request, timeout=DEADLINE_SECONDS)
        nets = [row.costs.net_percent for row in answer.opportunities]
        assert nets == sorted(nets, reverse=True)
        assert not any(row.cooldown.is_known for row in answer.opportunities)
        return [(row.asset, row.buy.venue, row.sell.venue) for row in answer.opportunities]

    everything = [
        ("ETH", "cheap", "dear"),
        ("BTC", "cheap", "dear"),
        ("BTC", "cheap", "third"),
        ("BTC", "third", "dear"),
    ]
    assert await rows() == everything
    assert await rows(limit=2) == everything[:2]
    assert await rows(venues=["cheap", "third"]) == [("BTC", "cheap", "third")]
    assert await rows(assets=["ETH"]) == everything[:1]
    assert await rows(symbols=["ETH/USDT:USDT"]) == everything[:1]
    assert await rows(min_gross_percent=0.9) == everything[:2]
    assert await rows(min_net_percent=3.0) == everything[:1]
    assert await rows(assets=["NONE"]) == []


async def test_a_spread_is_explained(fanout: Fanout, arbitrage: RunningArbitrage) -> None:
    """Numbers, reason, words and ages of a refused pair, of a published one, and of one that nobody knows."""
    fanout.send(CHEAP, DEAR)
    await scanned(arbitrage, 2)

    async def explain(asset: str, buy: str, sell: str) -> pb.ExplainSpreadResponse:
        request = pb.ExplainSpreadRequest(asset=asset, buy_venue=buy, sell_venue=sell)
        return await arbitrage.stub.ExplainSpread(request, timeout=DEADLINE_SECONDS)

    published = await explain("BTC", "cheap", "dear")
    assert published.reason == pb.REFUSAL_REASON_UNSPECIFIED
    assert published.opportunity.id in published.explanation
    assert published.buy_age.ToNanoseconds() >= 0
    refused = await explain("BTC", "dear", "cheap")
    assert refused.reason == pb.REFUSAL_REASON_BELOW_THRESHOLD
    assert "net -1." in refused.explanation
    unknown = await explain("BTC", "cheap", "okx")
    assert unknown.reason == pb.REFUSAL_REASON_UNKNOWN_LEG
    with pytest.raises(grpc.aio.AioRpcError, match="sell_venue: 'nobody' is not a known venue"):
        await explain("BTC", "cheap", "nobody")


async def test_the_overview_shows_live_venues_only(fanout: Fanout, arbitrage: RunningArbitrage) -> None:
    """Best bid, best ask and the widest gross, without the book that is stale."""
    fanout.send(CHEAP, DEAR, Tick("gone", 0, 0, state=STALE), Tick("dear", 10.0, 11.0, "ETH"))
    await scanned(arbitrage, 4)
    answer = await arbitrage.stub.GetMarketOverview(pb.GetMarketOverviewRequest(), timeout=DEADLINE_SECONDS)
    btc, eth = answer.assets
    assert (btc.best_bid, btc.best_bid_venue, btc.best_ask, btc.best_ask_venue) == (101.0, "dear", 100.0, "cheap")
    assert list(btc.venues) == ["cheap", "dear"]
    assert btc.widest_gross_percent == pytest.approx(1.0)
    assert (eth.asset, eth.widest_gross_percent) == ("ETH", 0.0)


async def test_statistics_count_and_measure(fanout: Fanout, arbitrage: RunningArbitrage) -> None:
    """Opened, closed, refused and the time from frame to opportunity."""
    fanout.send(CHEAP, DEAR)
    fanout.send(Tick("dear", 100.0, 100.1))
    fanout.send(Tick("dear", 101.0, 101.1, size=0.1))
    await scanned(arbitrage, 4)
    stats = await arbitrage.stub.GetArbitrageStats(pb.GetArbitrageStatsRequest(), timeout=DEADLINE_SECONDS)
    assert (stats.opened, stats.closed, stats.open_now, stats.connected) == (1, 1, 0, True)
    assert [(refusal.reason, refusal.count) for refusal in stats.refusals] == [(pb.REFUSAL_REASON_TOO_SMALL, 1)]
    assert 0 < stats.frame_to_opportunity_p50_us <= stats.frame_to_opportunity_p99_us


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("ListOpportunities", pb.ListOpportunitiesRequest(limit=-1), "limit"),
        ("ListOpportunities", pb.ListOpportunitiesRequest(min_net_percent=float("nan")), "min_net_percent"),
        ("ExplainSpread", pb.ExplainSpreadRequest(buy_venue="a", sell_venue="b"), "asset"),
        ("GetMarketOverview", pb.GetMarketOverviewRequest(assets=[""]), "assets[0]"),
        ("WatchOpportunities", pb.WatchOpportunitiesRequest(resume_token="nonsense"), "resume_token"),
        (
            "WatchOpportunities",
            pb.WatchOpportunitiesRequest(filter=pb.OpportunityFilter(min_profit=-1)),
            "filter.min_profit",
        ),
    ],
)
async def test_a_bad_request_names_its_field(
    arbitrage: RunningArbitrage, method: str, request_: object, field: str
) -> None:
    """INVALID_ARGUMENT with a google.rpc.BadRequest."""
    call = getattr(arbitrage.stub, method)(request_, timeout=DEADLINE_SECONDS)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await (anext(aiter(call)) if method == "WatchOpportunities" else call)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(refused.value)
    details = error_details_pb2.BadRequest()
    assert status is not None
    assert status.details[0].Unpack(details)
    assert [violation.field for violation in details.field_violations] == [field]


async def test_it_serves_only_while_the_aggregator_is_there(free_port: int) -> None:
    """Health follows the stream: what was open closes with it, and the service comes back by itself."""
    async with running_fanout() as first, running_arbitrage(free_port, first.port) as arbitrage:
        first.send(CHEAP, DEAR)
        (opened,) = await events_of(arbitrage, 1)
        first.cut()
        await eventually(lambda: first.subscriptions == 2)
        (closed,) = await events_of(arbitrage, 1, opened.resume_token)
        assert closed.close_reason == pb.REFUSAL_REASON_NOT_LIVE
        await eventually(arbitrage.is_serving)
        first.send(DEAR)
        first.send(CHEAP)
        (again,) = await events_of(arbitrage, 1)
        assert again.opportunity.id != opened.opportunity.id


async def test_it_waits_for_an_aggregator_that_is_not_there_yet(free_port: int) -> None:
    """It starts NOT_SERVING, answers meanwhile, and serves once the aggregator is up."""
    async with running_fanout() as probe:
        aggregator_port = probe.port
    async with running_arbitrage(free_port, aggregator_port, is_ready=False) as arbitrage:
        assert not await arbitrage.is_serving()
        answer = await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(), timeout=DEADLINE_SECONDS)
        assert list(answer.opportunities) == []
        async with running_fanout(aggregator_port):
            await eventually(arbitrage.is_serving)


async def test_a_batch_that_does_not_decode_costs_a_new_stream_only(
    fanout: Fanout, arbitrage: RunningArbitrage
) -> None:
    """What it held is lost, so the service subscribes again and gets everything anew."""
    fanout.send_raw(b"\xff\xff\xff")
    await eventually(lambda: fanout.subscriptions == 2 and fanout.connected == 1)
    fanout.send(CHEAP, DEAR)
    assert len(await events_of(arbitrage, 1)) == 1


async def test_what_was_recorded_replays_to_what_was_told(fanout: Fanout, free_port: int, tmp_path: Path) -> None:
    """The events of the running service and those of the replay are the same."""
    async with running_arbitrage(free_port, fanout.port, arbitrage={"record_dir": tmp_path}) as arbitrage:
        fanout.send(CHEAP, DEAR)
        (opened,) = await events_of(arbitrage, 1)
        fanout.send(Tick("dear", 103.0, 103.1))
        fanout.send(Tick("dear", 100.0, 100.1))
        told = [opened, *await events_of(arbitrage, 2, opened.resume_token)]
    replayed = list(replay(tmp_path))
    assert [(event.kind, event.spread.opportunity_id, event.spread.net_percent) for event in replayed] == [
        (event.kind, event.opportunity.id, event.opportunity.costs.net_percent) for event in told
    ]
