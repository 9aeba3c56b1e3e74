"""What the alerts service keeps and takes is bounded: its history, its rules, what waits for a client that stalls."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import psycopg
import pytest

from crossbook.alerts import service as service_module
from crossbook.alerts.counters import Counters
from crossbook.alerts.records import Tries
from crossbook.alerts.retention import KEPT, Retention
from crossbook.alerts.store import rules as store_module
from crossbook.alerts.store.stores import stores_on
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.stand_in_arbitrage import StandInArbitrage
from tests.support.memory import resident_bytes

DAY = 86_400
INSERT_ALERT = """
    INSERT INTO alerts (id, rule, cause, asset, buy_venue, sell_venue, opportunity, fired_at)
    VALUES (%s, 'alertRules/r', %s, 'BTC', 'a', 'b', %s, clock_timestamp() - %s)
"""
INSERT_MESSAGE = "INSERT INTO alert_messages (id, rule, alert_id, group_key) VALUES (%s, 'alertRules/r', %s, %s)"
INSERT_DELIVERY = """
    INSERT INTO deliveries (message_id, channel_id, position, channel, state, tries_left)
    VALUES (%s, 'c', 0, '{}', %s, 1)
"""
LARGE = "x" * 20_000


@pytest.fixture
async def replica(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> AsyncIterator[RunningAlerts]:
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as running:
        yield running


async def _insert(dsn: str, ages_days: dict[str, float], state: int = 2) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for identifier, age in ages_days.items():
            values = (identifier, identifier, '{"asset": "BTC"}', timedelta(days=age))
            await connection.execute(INSERT_ALERT, values)
            await connection.execute(INSERT_MESSAGE, (identifier,) * 3)
            await connection.execute(INSERT_DELIVERY, (identifier, state))


async def _ids(dsn: str) -> set[str]:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        rows = await (await connection.execute("SELECT id FROM alerts")).fetchall()
        orphans = await (
            await connection.execute(
                "SELECT count(*) FROM deliveries d LEFT JOIN alerts a ON a.id = d.message_id WHERE a.id IS NULL"
            )
        ).fetchone()
    assert orphans == (0,)
    return {identifier for (identifier,) in rows}


def _retention(pool: Pool, dsn: str, counters: Counters) -> Retention:
    stores = stores_on(pool, dsn, Tries(1, 0), Clock())
    return Retention(stores, counters, 31 * DAY)


async def test_old_alerts_are_forgotten_with_their_deliveries(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those with a delivery still to be made; in batches; and each is counted."""
    monkeypatch.setattr("crossbook.alerts.retention.BATCH_ROWS", 7)
    young = {f"young-{number}": number / 10 for number in range(KEPT)}
    await _insert(postgres_dsn, young)
    await _insert(postgres_dsn, {f"old-{number}": 40 + number for number in range(20)})
    await _insert(postgres_dsn, {"dead-letter": 41}, state=3)
    await _insert(postgres_dsn, {"pending": 42}, state=1)
    pool, counters = await open_pool(postgres_dsn, 1), Counters()
    async with pool:
        retention = _retention(pool, postgres_dsn, counters)
        assert await retention.forget() == counters.forgotten == 21
        assert await _ids(postgres_dsn) == {*young, "pending"}
        assert await retention.forget() == 0


async def test_the_newest_hundred_alerts_are_kept_whatever_their_age(postgres_dsn: str) -> None:
    """So a quiet installation still has a history."""
    await _insert(postgres_dsn, {f"old-{number:03d}": 40 + number for number in range(KEPT + 5)})
    pool = await open_pool(postgres_dsn, 1)
    async with pool:
        assert await _retention(pool, postgres_dsn, Counters()).forget() == 5
    assert await _ids(postgres_dsn) == {f"old-{number:03d}" for number in range(KEPT)}


async def test_rules_beyond_the_limit_are_refused(replica: RunningAlerts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly, also when many come at once; a rule that is deleted makes room."""
    monkeypatch.setattr(store_module, "MAX_RULES", 4)
    rule = pb.AlertRule(
        is_enabled=True, min_net_percent=1, channels=[pb.AlertChannel(id="c", console=pb.ConsoleChannel())]
    )
    answers = await asyncio.gather(*(replica.create(rule) for _ in range(10)), return_exceptions=True)
    made = [answer for answer in answers if isinstance(answer, pb.AlertRule)]
    refusals = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert (len(made), len(refusals)) == (3, 7)
    assert {refusal.code() for refusal in refusals} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    await replica.stub.DeleteAlertRule(pb.DeleteAlertRuleRequest(name=made[0].name), timeout=30)
    await replica.create(rule)


async def _fire(dsn: str, prefix: str, count: int) -> None:
    """Alerts as another replica would write and announce them, large ones."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute(
            "INSERT INTO alerts (id, rule, cause, asset, buy_venue, sell_venue, opportunity) "
            "SELECT %(prefix)s || number, 'alertRules/r', %(prefix)s || number, 'BTC', 'a', 'b', %(opportunity)s "
            "FROM generate_series(1, %(count)s) AS number",
            {"prefix": prefix, "count": count, "opportunity": f'{{"asset": "{LARGE}"}}'},
        )
        await connection.execute(
            "SELECT pg_notify('crossbook_alerts', 'fired:' || id) FROM "
            "(SELECT id FROM alerts WHERE id LIKE %s || '%%' ORDER BY length(id), id) AS in_order",
            (prefix,),
        )


async def _read(call: Any, count: int) -> list[pb.WatchAlertsResponse]:
    return [await call.read() for _ in range(count)]


async def test_a_stalled_watcher_costs_its_queue_and_is_told_what_it_lost(
    postgres_dsn: str, replica: RunningAlerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much fires: memory stays, another watcher gets everything in order, and the loss is counted exactly."""
    monkeypatch.setattr(service_module, "WATCH_LIMIT", 200)
    stalled, quick = (replica.stub.WatchAlerts(pb.WatchAlertsRequest()) for _ in range(2))
    await stalled.wait_for_connection()
    await quick.wait_for_connection()
    sizes = []
    for round_number in range(20):  # of half a queue each, so that who reads loses nothing however busy the machine is
        await _fire(postgres_dsn, f"r{round_number}-", 100)
        answers = await _read(quick, 100)
        assert {answer.alert.name for answer in answers} == {f"alerts/r{round_number}-{n}" for n in range(1, 101)}
        assert answers[-1].dropped_alerts == 0
        sizes.append(resident_bytes(os.getpid()))
    assert sizes[-1] - sizes[4] < 32 * 1024 * 1024  # what fired meanwhile is 30 MB of text, and more as messages
    received, answer = 0, pb.WatchAlertsResponse()
    while answer.alert.name != "alerts/r19-100":
        answer = await stalled.read()
        received += 1
    assert received < 1_000
    assert received + answer.dropped_alerts == 2_000
    stalled.cancel()
    quick.cancel()
