"""Which earlier alert keeps a match from firing, by Postgres' clock, which may have been set back since."""

from collections.abc import AsyncIterator

import pytest

from crossbook.alerts.match import Match
from crossbook.alerts.records import Earlier, Tries
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.stores import stores_on
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from tests.support.alerts.stand_in_arbitrage import opportunity


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(postgres_dsn)
    yield pool
    await pool.close()


@pytest.fixture
def store(pool: Pool, postgres_dsn: str) -> AlertStore:
    return stores_on(pool, postgres_dsn, Tries(8, 86_400), Clock()).alerts


def _rule(cooldown_seconds: int) -> pb.AlertRule:
    made = pb.AlertRule(name="alertRules/r", is_enabled=True)
    made.cooldown.FromSeconds(cooldown_seconds)
    return made


async def _fire(store: AlertStore, cooldown_seconds: int, cause: str) -> pb.Alert | Earlier:
    return await store.fire(Match(_rule(cooldown_seconds), opportunity(cause), cause), None)


async def _set_back(pool: Pool, seconds: float) -> None:
    async with pool.connection() as connection:
        await connection.execute("UPDATE alerts SET fired_at = fired_at + %s * interval '1 second'", (seconds,))


@pytest.mark.parametrize(("cooldown_seconds", "set_back_seconds"), [(0, 4), (1, 4), (60, 30)])
async def test_an_alert_of_a_time_to_come_holds_nothing_back(
    cooldown_seconds: int, set_back_seconds: int, store: AlertStore, pool: Pool
) -> None:
    """A rule without a cooldown fires for each, and one with a cooldown does not wait for longer than that."""
    assert isinstance(await _fire(store, cooldown_seconds, "o-1"), pb.Alert)
    await _set_back(pool, set_back_seconds)
    assert isinstance(await _fire(store, cooldown_seconds, "o-2"), pb.Alert)


async def test_an_alert_of_a_moment_to_come_is_a_cooldown_from_now(store: AlertStore, pool: Pool) -> None:
    """Two servers' clocks differ a little: then it holds back as one of this moment does."""
    assert isinstance(await _fire(store, 60, "o-1"), pb.Alert)
    await _set_back(pool, 5)
    assert await _fire(store, 60, "o-2") == Earlier("o-1", 0.0)


async def test_the_same_cause_begins_no_longer_cooldown_than_the_rule_has(store: AlertStore, pool: Pool) -> None:
    """What is left of a cooldown is reckoned from its age, which is not below zero."""
    assert isinstance(await _fire(store, 0, "o-1"), pb.Alert)
    await _set_back(pool, 3600)
    assert await _fire(store, 0, "o-1") == Earlier("o-1", 0.0)
