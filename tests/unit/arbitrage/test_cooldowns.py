"""Cooldowns in answers: shown where they can be read, and never a reason to fail."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from crossbook._core import SpreadView
from crossbook.arbitrage import cooldowns as module
from crossbook.arbitrage.cooldowns import CooldownReader
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.data.cooldown import Cooldown, CooldownStore, Pair
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, now_ns
from tests.support.aggregator.fanout import Tick, payload
from tests.support.arbitrage.watching import WatchedScan


class Kept(CooldownStore):
    """Answers from memory; the next errors first."""

    def __init__(self, **running: Cooldown) -> None:
        self.running = running
        self.errors: list[Exception] = []
        self.is_hanging = False
        self.asked: list[Pair] = []

    async def states(self, pairs: Sequence[Pair]) -> list[Cooldown | None]:
        if self.is_hanging:
            await asyncio.Event().wait()
        if self.errors:
            raise self.errors.pop(0)
        self.asked = list(pairs)
        return [self.running.get(asset) for asset, _, _ in pairs]


@pytest.fixture
async def spreads(arguments: ScannerArguments) -> list[SpreadView]:
    """Of BTC and of ETH, bought on one venue and sold on the other."""
    live = WatchedScan(arguments)
    live.on_batch(
        payload(
            *(Tick("cheap", 99.9, 100.0, asset=asset) for asset in ("BTC", "ETH")),
            *(Tick("dear", 101.0, 101.1, asset=asset) for asset in ("BTC", "ETH")),
        )
    )
    found = {spread.asset: spread for spread in live.scanner.list_spreads(now_ns(), min_net_percent=0.0)}
    return [found["BTC"], found["ETH"]]


async def test_each_pair_has_its_state_in_order(spreads: list[SpreadView]) -> None:
    """What runs with its rule and for how long yet; that none runs is known too."""
    store = Kept(ETH=Cooldown("alertRules/a", 1_500))
    quiet, running = await CooldownReader(store).states(spreads)
    assert store.asked == [("BTC", "cheap", "dear"), ("ETH", "cheap", "dear")]
    assert quiet == pb.CooldownState(is_known=True)
    assert (running.is_active, running.is_known, running.rule) == (True, True, "alertRules/a")
    assert from_duration(running.remaining) == 1_500_000_000 == 3 * SECOND_NS // 2


async def test_without_redis_nothing_is_known(spreads: list[SpreadView]) -> None:
    """One answer for each pair all the same."""
    assert await CooldownReader(None).states(spreads) == [pb.CooldownState(is_known=False)] * 2


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(spreads: list[SpreadView]) -> None:
    """Not at every answer between."""
    store = Kept()
    reader = CooldownReader(store)
    store.errors = [UnavailableError("Redis cannot be reached")] * 3
    with capture_logs() as logs:
        for _ in range(3):
            assert await reader.states(spreads) == [pb.CooldownState(is_known=False)] * 2
        assert await reader.states(spreads) == [pb.CooldownState(is_known=True)] * 2
    assert [line["event"] for line in logs] == ["cooldowns_unreadable", "cooldowns_readable"]


async def test_an_answer_does_not_wait_for_a_server_that_hangs(
    spreads: list[SpreadView], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says that it does not answer."""
    monkeypatch.setattr(module, "READ_TIMEOUT_SECONDS", 0.01)
    store = Kept()
    store.is_hanging = True
    with capture_logs() as logs:
        assert await CooldownReader(store).states(spreads) == [pb.CooldownState(is_known=False)] * 2
    assert logs[0]["reason"] == "Redis does not answer"
