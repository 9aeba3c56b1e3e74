"""What a replica says of its health."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook.alerts import health as module
from crossbook.alerts.counters import Counters
from crossbook.alerts.health import PARTS, HealthWatch
from crossbook.alerts.store.deliveries import DeliveryStore
from crossbook.alerts.store.tables import WriteFailures
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.question import Question


class Postgres(DeliveryStore):
    """Answers, or is away."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.pending = 0

    async def count_pending(self) -> int:
        if self.error:
            raise self.error
        return self.pending


class Redis(CooldownStore):
    """Answers, is away, or hangs."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.is_hanging = False

    async def check(self) -> None:
        if self.is_hanging:
            await asyncio.Event().wait()
        if self.error:
            raise self.error


class World:
    """A watch over stores that the test breaks."""

    def __init__(self) -> None:
        self.postgres, self.redis, self.failures = Postgres(), Redis(), WriteFailures(Clock())
        self.counters, self.health = Counters(is_connected=True), ServiceHealth("s", awaits=PARTS)
        self.slots, self.line = SimpleNamespace(problem=""), SimpleNamespace(problem="")
        stores = SimpleNamespace(deliveries=self.postgres, failures=self.failures)
        parts: list[Any] = [stores, self.redis, self.counters, self.slots, self.line, self.health]
        self.watch = HealthWatch(*parts)

    async def says(self) -> dict[str, str]:
        await self.watch.look()
        return self.health.reasons


async def test_a_replica_whose_parts_are_well_serves() -> None:
    """And knows how many deliveries wait."""
    world = World()
    world.postgres.pending = 7
    assert await world.says() == {}
    assert (world.counters.pending, world.counters.is_postgres_available, world.counters.is_redis_available) == (
        7,
        True,
        True,
    )


async def test_each_part_is_told_by_its_name_and_by_itself() -> None:
    """What is well of the others is said too."""
    world = World()
    world.postgres.error = UnavailableError("Postgres cannot be reached")
    world.counters.is_connected = False
    assert await world.says() == {
        "postgres": "Postgres cannot be reached",
        "arbitrage": "its stream of opportunities is down",
    }
    assert (world.counters.is_postgres_available, world.counters.is_redis_available) == (False, True)
    world.postgres.error, world.counters.is_connected = None, True
    world.redis.error = UnavailableError("Redis cannot be reached")
    world.slots.problem, world.line.problem = "no turn was taken", "KeyError at a match"
    assert await world.says() == {
        "redis": "Redis cannot be reached",
        "slots": "no turn was taken",
        "firing": "KeyError at a match",
    }
    assert not world.counters.is_redis_available


async def test_postgres_that_answers_and_takes_no_writes_is_not_well() -> None:
    """The words are those of the write that failed last."""
    world = World()
    with pytest.raises(UnavailableError), world.failures.remembering("alerts"):
        raise UnavailableError("the disk is full")
    said = await world.says()
    assert "the disk is full" in said["postgres"]
    assert not world.counters.is_postgres_available
    with world.failures.remembering("alerts"):
        pass
    assert await world.says() == {}


async def test_a_server_that_hangs_does_not_hold_up_what_is_said_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as one that does not answer."""
    monkeypatch.setattr(module, "Question", lambda ask, seconds: Question(ask, 0.01))
    world = World()
    world.redis.is_hanging = True
    said = await world.says()
    assert list(said) == ["redis"]
    assert not world.counters.is_redis_available
    assert world.counters.is_postgres_available
