"""Several replicas as processes of their own: the work is shared out, and whatever dies or sleeps, each opportunity
that matches makes exactly one alert, known to a receiver by its webhook-id.
"""

import asyncio
import json
import signal
from collections import Counter
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.support.aggregator.fanout import Fanout, Tick, running_fanout
from tests.support.alerts.alert_replicas import (
    PAUSE_SECONDS,
    Load,
    hook,
    ids_told,
    is_shared_out,
    known_to_all,
    replicas,
)
from tests.support.alerts.alerts_process import running_alerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.replica_process import ServiceProcess
from tests.support.alerts.stand_in_arbitrage import OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually


async def every_one_is_told_once(receiver: Receiver, causes: list[str]) -> None:
    """And none under two ids."""
    await eventually(lambda: len(ids_told(receiver)) >= len(causes))
    assert {cause: len(ids) for cause, ids in ids_told(receiver).items()} == dict.fromkeys(causes, 1)


@pytest.mark.parametrize("number", [2, 3])
async def test_each_rule_and_asset_is_evaluated_by_one(
    number: int, postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, tmp_path: Path
) -> None:
    """The counters of all replicas add up to the events, and everyone does a good part."""
    assets = [f"COIN{index}" for index in range(200)]
    async with replicas(number, postgres_dsn, redis_url, f"127.0.0.1:{arbitrage.port}", tmp_path) as running:
        await hook(running[0].client, receiver)
        await known_to_all(running)
        await arbitrage.tell(*(event(OPENED, opportunity(f"o-{asset}", asset)) for asset in assets))
        await every_one_is_told_once(receiver, [f"o-{asset}" for asset in assets])
        shares = [(await replica.client.stats()).evaluated for replica in running]
    assert sum(shares) == len(assets)
    assert min(shares) > len(assets) // (4 * number)


@pytest.mark.parametrize("number", [2, 3])
async def test_a_kill_under_load_loses_nothing_and_doubles_nothing(
    number: int, postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, tmp_path: Path
) -> None:
    """What the dead one had in hand, and what came until its leases lapsed, is evaluated by those who take over."""
    async with replicas(number, postgres_dsn, redis_url, f"127.0.0.1:{arbitrage.port}", tmp_path) as running:
        dead, *survivors = running
        await hook(survivors[0].client, receiver)
        await known_to_all(running)
        async with Load(arbitrage).running() as load:
            await eventually(lambda: len(receiver.received) >= 20)
            await dead.process.end(signal.SIGKILL)
            await eventually(lambda: is_shared_out(survivors))
            await load.goes_on()
        await every_one_is_told_once(receiver, load.told)


async def test_one_that_stops_cleanly_hands_over_what_it_had(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, tmp_path: Path
) -> None:
    """Its leases are given back, so nobody waits for them to lapse."""
    async with replicas(2, postgres_dsn, redis_url, f"127.0.0.1:{arbitrage.port}", tmp_path) as running:
        leaving, staying = running
        await hook(staying.client, receiver)
        await known_to_all(running)
        async with Load(arbitrage).running() as load:
            await eventually(lambda: len(receiver.received) >= 20)
            assert await leaving.process.end(signal.SIGTERM) == 0, leaving.process.log()
            await eventually(lambda: is_shared_out([staying]))
            await load.goes_on()
        await every_one_is_told_once(receiver, load.told)
    assert "slots_left" in leaving.process.log()


async def test_an_owner_that_slept_does_not_act_on_what_is_another_s_by_now(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, tmp_path: Path
) -> None:
    """It returns with matches in hand whose slots were taken over meanwhile, and gets slots again."""
    async with replicas(2, postgres_dsn, redis_url, f"127.0.0.1:{arbitrage.port}", tmp_path) as running:
        sleeper, awake = running
        await hook(awake.client, receiver)
        async with Load(arbitrage).running() as load:
            await eventually(lambda: len(receiver.received) >= 20)
            sleeper.process.send(signal.SIGSTOP)
            await eventually(lambda: is_shared_out([awake]))
            await load.goes_on()
            sleeper.process.send(signal.SIGCONT)
            await eventually(lambda: is_shared_out(running))
            await load.goes_on()
        await every_one_is_told_once(receiver, load.told)


async def trade(fanout: Fanout, assets: list[str]) -> None:
    """One asset after the other pays between two venues, and then no longer, until cancelled."""
    for number in count():
        assets.append(asset := f"COIN{number}")
        fanout.send(Tick("binance", 99.9, 100.0, asset), Tick("okx", 101.0, 101.1, asset))
        await asyncio.sleep(PAUSE_SECONDS)
        fanout.send(Tick("okx", 99.9, 100.0, asset))


async def test_an_arbitrage_replica_that_dies_is_replaced_by_the_other_without_a_loss(
    postgres_dsn: str, redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    """What opened and closed between its last words and the failover is told by the other, and fires once."""
    assets: list[str] = []
    async with AsyncExitStack() as stack:
        fanout = await stack.enter_async_context(running_fanout())
        environment = {
            "CROSSBOOK_ARBITRAGE__SHARDS": json.dumps({"main": f"127.0.0.1:{fanout.port}"}),
            "CROSSBOOK_ARBITRAGE__MIN_LIFE_MS": "0",
        }
        processes = [ServiceProcess("arbitrage", tmp_path / f"arbitrage-{index}.log", environment) for index in (0, 1)]
        for process in processes:
            stack.push_async_callback(process.end, signal.SIGKILL)
            await process.start()
        await eventually(lambda: fanout.connected == 2)
        targets = [process.target for process in processes]
        alerts = running_alerts(postgres_dsn, redis_url, 0, arbitrage_targets=targets)
        client = await stack.enter_async_context(alerts)
        await hook(client, receiver)
        trading = asyncio.create_task(trade(fanout, assets))
        stack.callback(trading.cancel)
        await eventually(lambda: len(receiver.received) >= 20)
        followed = (await client.stats()).arbitrage_target
        await processes[targets.index(followed)].end(signal.SIGKILL)

        async def follows_the_other() -> bool:
            stats = await client.stats()
            return stats.connected and stats.arbitrage_target != followed

        await eventually(follows_the_other)
        target = len(assets) + 50
        await eventually(lambda: len(assets) >= target)
        trading.cancel()
        whole = assets[:-1]  # the last one may not have been told
        await eventually(lambda: set(whole) <= set(told_assets(receiver)))
    ids = {received.headers["webhook-id"]: received for received in receiver.received}
    fired = Counter(received.json["data"]["opportunity"]["asset"] for received in ids.values())
    assert {asset: fired[asset] for asset in whole} == dict.fromkeys(whole, 1)


def told_assets(receiver: Receiver) -> list[str]:
    return [received.json["data"]["opportunity"]["asset"] for received in receiver.received]
