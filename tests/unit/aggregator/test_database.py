"""What the watch of Postgres tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from crossbook.aggregator import database
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.database import POSTGRES, DatabaseWatch
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.health import ServiceHealth
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.waiting import eventually


class Watched:
    """A watch that looks without a pause."""

    def __init__(self, store: MemoryStore) -> None:
        self.counters, self.health, self.failure = Counters(), ServiceHealth("s", awaits=(POSTGRES,)), ""
        self._watch = DatabaseWatch(store, self.counters, self.health, lambda: self.failure)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait((task,))

    def says(self, reason: str) -> bool:
        return (self.counters.is_database_available, self.health.reasons.get(POSTGRES, "")) == (not reason, reason)


class Away(MemoryStore):
    """Raises the same until it is told otherwise."""

    error: Exception | None = None

    async def ping(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PROBE_INTERVAL_SECONDS", 0.0)


async def test_health_follows_whether_postgres_answers() -> None:
    """In the error's words, or by its name where it has none."""
    store = Away()
    watched = Watched(store)
    async with watched.running():
        await eventually(lambda: watched.says(""))
        store.error = UnavailableError("Postgres cannot be reached")
        await eventually(lambda: watched.says("Postgres cannot be reached"))
        store.error = RuntimeError()
        await eventually(lambda: watched.says("RuntimeError"))
        store.error = None
        await eventually(lambda: watched.says(""))


async def test_postgres_that_answers_and_takes_no_windows_is_not_well() -> None:
    """What keeps windows from being committed is told as it is."""
    watched = Watched(Away())
    watched.failure = "windows of alpha cannot be committed: the disk is full"
    async with watched.running():
        await eventually(lambda: watched.says(watched.failure))


async def test_a_server_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the deadline it does not answer, and is asked again."""
    monkeypatch.setattr(database, "PROBE_DEADLINE_SECONDS", 0.01)
    asked = 0

    class Hanging(MemoryStore):
        async def ping(self) -> None:
            nonlocal asked
            asked += 1
            await asyncio.Event().wait()

    watched = Watched(Hanging())
    async with watched.running():
        await eventually(lambda: watched.says("Postgres does not answer") and asked >= 2)
