"""Quote currencies over real gRPC: live rates, the setting in their place, a de-peg, and relays from the settings."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossbook.pb.v1 import arbitrage_pb2 as pb
from tests.support.aggregator.fanout import Fanout, Tick, running_fanout
from tests.support.arbitrage.arbitrage_process import RunningArbitrage, running_arbitrage
from tests.support.waiting import eventually

DEADLINE_SECONDS = 5.0
IN_USDT = Tick("tether", 99.9, 100.0)
IN_USDC = Tick("circle", 101.0, 101.1, quote_currency="USDC")


@pytest.fixture
async def fanout() -> AsyncIterator[Fanout]:
    """The aggregator's role."""
    async with running_fanout() as server:
        yield server


async def explain(arbitrage: RunningArbitrage, fanout: Fanout, *ticks: Tick) -> pb.ExplainSpreadResponse:
    """The verdict on buying in USDT and selling in USDC, after quotes."""
    statistics = pb.GetArbitrageStatsRequest()
    before = (await arbitrage.stub.GetArbitrageStats(statistics, timeout=DEADLINE_SECONDS)).quotes_scanned
    fanout.send(*ticks)

    async def has_taken() -> bool:
        stats = await arbitrage.stub.GetArbitrageStats(statistics, timeout=DEADLINE_SECONDS)
        return stats.quotes_scanned >= before + len(ticks)

    await eventually(has_taken)
    request = pb.ExplainSpreadRequest(asset="BTC", buy_venue="tether", sell_venue="circle")
    return await arbitrage.stub.ExplainSpread(request, timeout=DEADLINE_SECONDS)


def rate(mid: float) -> Tick:
    """A market of USDC in USDT."""
    return Tick("exchange", mid - 0.0001, mid + 0.0001, "USDC", size=1e6)


async def test_an_opportunity_carries_its_rate_and_the_age_of_it(fanout: Fanout, free_port: int) -> None:
    """In explanations and in lists, with the gross that follows from it."""
    async with running_arbitrage(free_port, fanout.port) as arbitrage:
        explained = await explain(arbitrage, fanout, rate(0.999), IN_USDT, IN_USDC)
        listed = await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(), timeout=DEADLINE_SECONDS)
    for opportunity in (explained.opportunity, *listed.opportunities):
        assert opportunity.costs.gross_percent == pytest.approx(0.899)
        conversion = opportunity.conversion
        assert (conversion.from_currency, conversion.to_currency) == ("USDC", "USDT")
        assert conversion.rate == pytest.approx(0.999)
        assert conversion.age.ToNanoseconds() >= 0
        assert conversion.HasField("age")
        assert not conversion.is_assumed
        assert not opportunity.is_depegged
    assert len(listed.opportunities) == 1


async def test_the_setting_takes_the_place_of_a_market_only_where_there_is_none(fanout: Fanout, free_port: int) -> None:
    """One to one, said to be assumed, without an age; without the setting, no rate."""
    async with running_arbitrage(free_port, fanout.port) as arbitrage:
        assumed = (await explain(arbitrage, fanout, IN_USDT, IN_USDC)).opportunity.conversion
    assert (assumed.rate, assumed.is_assumed, assumed.HasField("age")) == (1.0, True, False)
    overrides: dict[str, Any] = {"equal_currencies": []}
    async with running_arbitrage(free_port, fanout.port, arbitrage=overrides) as arbitrage:
        refused = await explain(arbitrage, fanout, IN_USDT, IN_USDC)
    assert refused.reason == pb.REFUSAL_REASON_RATE_UNKNOWN
    assert refused.opportunity.conversion.rate == 0.0


@pytest.mark.parametrize(
    ("is_allowed", "reason"), [(False, pb.REFUSAL_REASON_DEPEGGED), (True, pb.REFUSAL_REASON_UNSPECIFIED)]
)
async def test_a_depeg_is_marked_and_refused_unless_allowed(
    fanout: Fanout, free_port: int, is_allowed: bool, reason: int
) -> None:
    """The limit is 1 %."""
    async with running_arbitrage(free_port, fanout.port, arbitrage={"allow_depegged": is_allowed}) as arbitrage:
        explained = await explain(arbitrage, fanout, rate(1.02), IN_USDT, IN_USDC)
    assert explained.reason == reason
    assert explained.opportunity.is_depegged


async def test_a_relay_named_in_the_settings_is_not_compared_with_its_source(fanout: Fanout, free_port: int) -> None:
    """RELAYED_BOOK."""
    overrides = {"relays": {"circle": "tether"}}
    async with running_arbitrage(free_port, fanout.port, arbitrage=overrides) as arbitrage:
        explained = await explain(arbitrage, fanout, IN_USDT, IN_USDC)
    assert explained.reason == pb.REFUSAL_REASON_RELAYED_BOOK
