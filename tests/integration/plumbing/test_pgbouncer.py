"""Postgres behind a pooler that hands its connections on after each transaction."""

import asyncio
from pathlib import Path

import pytest

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.data.postgres import connected, open_pool
from tests.integration.alerts.test_refusals import ASSETS, hook, tell, told_assets
from tests.support.alerts.alerts_process import running_alerts
from tests.support.alerts.receiver import receiving
from tests.support.alerts.stand_in_arbitrage import stand_in_arbitrage
from tests.support.servers.pgbouncer import PROGRAM, pgbouncer
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed on this machine")
IGNORING = "ignore_startup_parameters = options,extra_float_digits"


@pytest.mark.parametrize("more", ["", IGNORING], ids=["options refused", "options ignored"])
async def test_the_same_statements_run_again_and_again_on_changing_connections(
    postgres_dsn: str, tmp_path: Path, more: str
) -> None:
    """A statement prepared on one would be unknown, or known already, on the next."""
    async with pgbouncer(postgres_dsn, tmp_path / "pooler", more=more) as dsn:
        pool = await open_pool(dsn, max_size=16)

        async def ask(number: int) -> int:
            async with connected(pool) as connection, connection.transaction():
                assert connection.is_shared
                row = await (await connection.execute("SELECT pg_sleep(0.001), %s::int", (number,))).fetchone()
                return int(row[1]) if row else -1

        try:
            answers = await asyncio.gather(*(ask(number) for number in range(300)))
        finally:
            await pool.close()
    assert answers == list(range(300))


async def test_migrations_need_no_session(empty_postgres_dsn: str, tmp_path: Path) -> None:
    """Two at once: each file is applied once, and nothing stays locked."""
    async with pgbouncer(empty_postgres_dsn, tmp_path / "pooler", more=IGNORING) as dsn:
        first, second = await asyncio.gather(migrate(dsn), migrate(dsn))
        again = await migrate(dsn)
    assert sorted([*first, *second]) == sorted({*first, *second})
    assert first or second
    assert again == []


async def test_alerts_come_and_watchers_hear_of_them(postgres_dsn: str, redis_url: str, tmp_path: Path) -> None:
    """Notices cannot be heard there, so that every replica looks for itself."""
    async with (
        pgbouncer(postgres_dsn, tmp_path / "pooler", more=IGNORING) as dsn,
        stand_in_arbitrage() as arbitrage,
        receiving() as receiver,
        running_alerts(dsn, redis_url, arbitrage.port) as replica,
    ):
        await hook(replica, receiver)
        call = replica.stub.WatchAlerts(pb.WatchAlertsRequest())
        await call.wait_for_connection()
        await tell(arbitrage, ASSETS)
        await eventually(lambda: len(receiver.received) >= len(ASSETS))
        heard = {(await asyncio.wait_for(call.read(), 60)).alert.opportunity.asset for _ in ASSETS}
        call.cancel()
    assert told_assets(receiver) == sorted(ASSETS)
    assert heard == set(ASSETS)
