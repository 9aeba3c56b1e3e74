"""What the RPC face adds by itself; the rest is tried over the wire."""

import asyncio
from typing import Any, cast

from crossbook._core import Plane
from crossbook.arbitrage.cooldowns import CooldownReader
from crossbook.arbitrage.facts.answers import FactAnswers
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.arbitrage.identity import IdentityRegister
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.service import WINDOW_SCANS, ArbitrageService
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.store.windows import WindowPrice, WindowStore
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.plane.thread import PlaneThread


class _SlowStore:
    """Postgres with much to read."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0

    async def latest_snapshots(self, since_ns: int) -> list[WindowPrice]:
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(5):
            await asyncio.sleep(0)
        self.running -= 1
        return []


async def test_only_some_answers_read_the_whole_market_at_a_time(arguments: ScannerArguments) -> None:
    """The others wait and are all answered; answers from the latest quotes do not wait behind them."""
    store = _SlowStore()
    live = LiveScan(arguments)
    shards = ShardFollower({"main": "127.0.0.1:1"}, live, PlaneThread(Plane()))
    identities = IdentityRegister(live, None)
    facts = FactAnswers(FactFollower(dict, lambda _: None, live.clock), assume=False)
    service = ArbitrageService(
        live, shards, arguments, CooldownReader(None), cast(WindowStore, store), identities, None, facts
    )
    context = cast(Any, None)
    request = pb.ListOpportunitiesRequest(price_source=pb.PRICE_SOURCE_SNAPSHOT)
    answers = [asyncio.ensure_future(service.ListOpportunities(request, context)) for _ in range(10)]
    await asyncio.sleep(0)
    await service.ListOpportunities(pb.ListOpportunitiesRequest(), context)
    assert not any(answer.done() for answer in answers)
    assert len(await asyncio.gather(*answers)) == 10
    assert store.most == WINDOW_SCANS
