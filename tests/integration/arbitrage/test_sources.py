"""Arbitrage with a real Postgres and a real Redis: windows and minutes as price sources, cooldowns in its answers."""

import time
from datetime import UTC, datetime

import grpc
import psycopg
import pytest

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.data.cooldown import Claim, CooldownStore
from crossbook.plumbing.data.redis import open_redis
from tests.support.aggregator.fanout import Tick, running_fanout
from tests.support.arbitrage.arbitrage_process import RunningArbitrage, running_arbitrage
from tests.support.waiting import eventually

DEADLINE_SECONDS = 10.0
MARKET = """
    INSERT INTO markets (venue, symbol, native_symbol, asset, asset_scale, quote_currency, settle_currency,
        contract_size, tick_size, lot_size, taker_fee_percent, maker_fee_percent)
    VALUES (%s, %s, 'X', 'PEPE', %s, 'USDT', 'USDT', 1, 0, 0, 0.05, 0.02)
"""
SNAPSHOT = """
    INSERT INTO snapshots (venue, symbol, window_start, time_weighted_bid, time_weighted_ask, tick_count, live_ns,
        window_ns, is_complete, last_bid, last_bid_size, last_ask, last_ask_size, last_state, last_exchange_ns,
        last_receive_ns)
    VALUES (%s, %s, %s, %s, %s, 5, 15000000000, 15000000000, true, 1, 7, 2, 7, 1, 0, 0)
"""
MINUTE = """
    INSERT INTO minutes (venue, symbol, minute_start, time_weighted_bid, time_weighted_ask, tick_count, live_ns,
        window_ns, is_complete, windows)
    VALUES (%s, %s, %s, %s, %s, 20, 60000000000, 60000000000, true, 4)
"""


def aligned(length: int, windows_ago: int) -> datetime:
    """The start of a closed window: 0 windows ago is the last one that is over."""
    return datetime.fromtimestamp((int(time.time()) // length - 1 - windows_ago) * length, UTC)


@pytest.fixture
def filled_dsn(postgres_dsn: str) -> str:
    """Two venues; the second's contract is a thousand coins. An old window and a window without LIVE time mislead."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        for venue, scale in (("cheap", 1), ("dear", 1000), ("asleep", 1)):
            connection.execute("SELECT create_venue_partitions(%s)", (venue,))
            connection.execute(MARKET, (venue, f"{venue}/USDT", scale))
        for statement, length in ((SNAPSHOT, 15), (MINUTE, 60)):
            for venue, ago, bid, ask in (
                ("cheap", 1, 0.010, 0.0101),
                ("cheap", 0, 0.0099, 0.0100),
                ("dear", 0, 10.2, 10.3),
                ("asleep", 1, 0.0150, 0.0151),
                ("asleep", 0, None, None),
            ):
                connection.execute(statement, (venue, f"{venue}/USDT", aligned(length, ago), bid, ask))
    return postgres_dsn


async def list_from(arbitrage: RunningArbitrage, source: pb.PriceSource.ValueType) -> list[pb.Opportunity]:
    """Opportunities from one price source."""
    request = pb.ListOpportunitiesRequest(price_source=source)
    return list((await arbitrage.stub.ListOpportunities(request, timeout=DEADLINE_SECONDS)).opportunities)


@pytest.mark.parametrize(("source", "size"), [(pb.PRICE_SOURCE_SNAPSHOT, 7.0), (pb.PRICE_SOURCE_MINUTE, 0.0)])
async def test_windows_and_minutes_are_price_sources(
    filled_dsn: str, free_port: int, source: pb.PriceSource.ValueType, size: float
) -> None:
    """The newest window of each instrument counts, per coin, by the same formula; one without LIVE time does not."""
    async with (
        running_fanout() as fanout,
        running_arbitrage(free_port, fanout.port, postgres_dsn=filled_dsn) as arbitrage,
    ):
        (found,) = await list_from(arbitrage, source)
    assert (found.asset, found.buy.venue, found.sell.venue) == ("PEPE", "cheap", "dear")
    assert (found.buy.price, found.sell.price) == (0.0100, 10.2 / 1000)
    assert found.costs.gross_percent == pytest.approx(2.0)
    assert found.costs.net_percent == pytest.approx(2.0 - 2 * (0.05 + 0.05 * 1.02))
    assert found.executable_size == size
    assert found.id == ""


async def test_windows_without_postgres_are_unavailable(free_port: int, redis_url: str) -> None:
    """The answer says what to set; other sources still answer."""
    async with running_fanout() as fanout, running_arbitrage(free_port, fanout.port, redis_url=redis_url) as arbitrage:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await list_from(arbitrage, pb.PRICE_SOURCE_SNAPSHOT)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        assert "CROSSBOOK_POSTGRES_DSN" in (refused.value.details() or "")
        assert await list_from(arbitrage, pb.PRICE_SOURCE_LATEST) == []


async def test_a_database_without_tables_is_unavailable(free_port: int, empty_postgres_dsn: str) -> None:
    """The answer says to migrate."""
    async with (
        running_fanout() as fanout,
        running_arbitrage(free_port, fanout.port, postgres_dsn=empty_postgres_dsn) as arbitrage,
    ):
        with pytest.raises(grpc.aio.AioRpcError, match="crossbook migrate"):
            await list_from(arbitrage, pb.PRICE_SOURCE_MINUTE)


async def test_answers_show_the_shared_cooldown(free_port: int, redis_url: str) -> None:
    """A pair in cooldown says which rule holds it and for how long; another pair says that none runs."""
    redis = open_redis(redis_url)
    cooldowns = CooldownStore(redis)
    claim = await cooldowns.claim("alertRules/r1", "BTC", "cheap", "dear", 5)
    assert isinstance(claim, Claim)
    await cooldowns.extend(claim, 300, "alert")
    async with running_fanout() as fanout, running_arbitrage(free_port, fanout.port, redis_url=redis_url) as arbitrage:
        fanout.send(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1), Tick("third", 100.6, 100.7))
        await eventually(lambda: _has_rows(arbitrage, 3))
        rows = await list_from(arbitrage, pb.PRICE_SOURCE_LATEST)
        states = {(row.buy.venue, row.sell.venue): row.cooldown for row in rows}
        held = states["cheap", "dear"]
        assert (held.is_known, held.is_active, held.rule) == (True, True, "alertRules/r1")
        assert 0 < held.remaining.seconds <= 300
        free = states["cheap", "third"]
        assert (free.is_known, free.is_active) == (True, False)
    await redis.aclose()


async def test_answers_come_without_redis(free_port: int) -> None:
    """While Redis is away the cooldown is not known, and the numbers still come."""
    async with running_fanout() as closed:
        nobody = closed.port
    async with running_fanout() as fanout:
        redis_url = f"redis://127.0.0.1:{nobody}/0"
        async with running_arbitrage(free_port, fanout.port, redis_url=redis_url) as arbitrage:
            fanout.send(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1))
            await eventually(lambda: _has_rows(arbitrage, 1))
            request = pb.ExplainSpreadRequest(asset="BTC", buy_venue="cheap", sell_venue="dear")
            answer = await arbitrage.stub.ExplainSpread(request, timeout=DEADLINE_SECONDS)
    assert not answer.opportunity.cooldown.is_known
    assert answer.opportunity.costs.net_percent > 0


async def _has_rows(arbitrage: RunningArbitrage, count: int) -> bool:
    return len(await list_from(arbitrage, pb.PRICE_SOURCE_LATEST)) == count
