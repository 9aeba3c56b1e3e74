"""What a replica hears of the others: each alert once, also those that fired while nobody listened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook.alerts.counters import Counters
from crossbook.alerts.records import AlertQuery
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.notices import DELIVERIES_DUE, FIRED, RULES_CHANGED, Notices
from crossbook.alerts.tail import OVERLAP, Tail
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import NotFoundError, UnavailableError
from crossbook.plumbing.retry import without_waits
from tests.support.waiting import eventually


class Announcements(Notices):
    """What Postgres announces to one connection after the other; None ends a connection, an error breaks it."""

    def __init__(self) -> None:
        self.connections = 0
        self._queue: asyncio.Queue[str | Exception | None] = asyncio.Queue()

    def announce(self, *notices: str | Exception | None) -> None:
        for notice in notices:
            self._queue.put_nowait(notice)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        self.connections += 1
        yield self._notices()

    async def _notices(self) -> AsyncIterator[str]:
        while (notice := await self._queue.get()) is not None:
            if isinstance(notice, Exception):
                raise notice
            yield notice


class Fired(AlertStore):
    """Alerts by name, newest last."""

    def __init__(self) -> None:
        self.alerts: dict[str, pb.Alert] = {}
        self.queries: list[AlertQuery] = []

    def fire(self, identifier: str, at: datetime | None = None) -> pb.Alert:
        alert = pb.Alert(name=f"alerts/{identifier}")
        alert.fire_time.FromDatetime(at or datetime.now(UTC))
        self.alerts[identifier] = alert
        return alert

    async def list(self, query: AlertQuery, limit: int) -> Any:
        self.queries.append(query)
        since = query.from_time or datetime.min.replace(tzinfo=UTC)
        found = [one for one in self.alerts.values() if one.fire_time.ToDatetime(UTC) >= since]
        return sorted(found, key=lambda one: one.fire_time.ToNanoseconds(), reverse=True)[:limit]

    async def get(self, alert_id: str) -> pb.Alert:
        if alert_id not in self.alerts:
            raise NotFoundError(f"alerts/{alert_id}")
        return self.alerts[alert_id]


class World:
    """A tail, a watcher of it, and how often rules and outbox were woken."""

    def __init__(self) -> None:
        self.notices, self.store, self.woken = Announcements(), Fired(), {"rules": 0, "outbox": 0, "rounds": 0}
        rulebook: Any = SimpleNamespace(wake=lambda: self._wake("rules"))
        outbox: Any = SimpleNamespace(wake=lambda: self._wake("outbox"))
        rounds: Any = SimpleNamespace(wake=lambda: self._wake("rounds"))
        self.tail = Tail(self.notices, self.store, rulebook, outbox, rounds, Counters())
        self.heard: list[str] = []

    def _wake(self, what: str) -> None:
        self.woken[what] += 1

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        with without_waits():
            run = asyncio.create_task(self.tail.run())
            await self.tail.is_listening.wait()
            watch = asyncio.create_task(self._watch())
            await eventually(lambda: len(self.tail.alerts) == 1)
            try:
                yield
            finally:
                for task in (run, watch):
                    task.cancel()
                await asyncio.wait((run, watch))

    async def _watch(self) -> None:
        async with self.tail.alerts.subscribe(100) as subscription:
            async for alert in subscription:
                self.heard.append(alert.name)


async def test_an_alert_is_heard_when_it_is_announced() -> None:
    """What fired before anybody could watch is history; one that was removed meanwhile is passed over."""
    world = World()
    world.store.fire("before")
    async with world.watched():
        world.store.fire("a")
        world.notices.announce(f"{FIRED}gone", f"{FIRED}a", f"{FIRED}before")
        await eventually(lambda: world.heard == ["alerts/a"])


@pytest.mark.parametrize("loss", [UnavailableError("the connection is lost"), None])
async def test_what_fired_while_the_connection_was_down_is_heard_once(loss: Exception | None) -> None:
    """The new one begins a little before the last that was told; what was told is not told again."""
    world = World()
    async with world.watched():
        world.store.fire("a")
        world.notices.announce(f"{FIRED}a")
        await eventually(lambda: world.heard == ["alerts/a"])
        world.store.fire("b")
        world.store.fire("late", datetime.now(UTC) - OVERLAP / 2)
        world.notices.announce(loss, f"{FIRED}b")
        await eventually(lambda: len(world.heard) == 3 and world.notices.connections == 2)
    assert world.heard == ["alerts/a", "alerts/late", "alerts/b"]
    since = world.store.queries[-1].from_time
    assert since is not None
    last = world.store.alerts["a"].fire_time.ToDatetime(UTC)
    assert abs(since - (last - OVERLAP)) < timedelta(seconds=1)


@pytest.mark.parametrize(("notice", "who"), [(RULES_CHANGED, "rules"), (DELIVERIES_DUE, "outbox")])
async def test_each_announcement_wakes_whom_it_concerns(notice: str, who: str) -> None:
    """And nobody else."""
    world = World()
    async with world.watched():
        before = dict(world.woken)
        world.notices.announce(notice)
        await eventually(lambda: world.woken != before)
        assert world.woken == before | {who: before[who] + 1}


async def test_a_new_connection_wakes_everybody() -> None:
    """Announcements of meanwhile are lost."""
    world = World()
    async with world.watched():
        before = dict(world.woken)
        world.notices.announce(UnavailableError("lost"))
        await eventually(lambda: world.woken == {who: count + 1 for who, count in before.items()})


async def test_a_close_ends_the_streams_of_those_who_watch() -> None:
    """Whoever waits for the first connection is let go, too."""
    world = World()
    world.tail.close()
    assert world.tail.is_listening.is_set()
    await asyncio.wait_for(world._watch(), 5.0)
