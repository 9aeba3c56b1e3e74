"""Real outboxes on a real Postgres whose time a test moves: what is stored of times is moved back by as much.

Only what an outbox lives by is moved: when deliveries are due, pauses, buckets. Its replicas share the store.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.registry import destination_of
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.closings import Closings
from crossbook.alerts.counters import Counters
from crossbook.alerts.match import Match
from crossbook.alerts.outbox import Outbox
from crossbook.alerts.records import Tries
from crossbook.alerts.store.stores import Stores, stores_on
from crossbook.alerts.store.tables import stored
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from tests.support.alerts.messages import message
from tests.support.alerts.stand_in_arbitrage import opportunity

ELAPSE = (
    "UPDATE deliveries SET due_at = due_at - %(by)s, due_from = due_from - %(by)s, tries_until = tries_until - %(by)s",
    "UPDATE alert_messages SET created_at = created_at - %(by)s",
    "UPDATE delivery_pauses SET until = until - %(by)s, paused_at = paused_at - %(by)s",
    "UPDATE delivery_destinations SET full_at = full_at - %(by)s",
)
SETTLED_SECONDS = 0.02


@dataclass
class VirtualOutbox:
    """`now` is the virtual time in seconds."""

    pool: Pool
    stores: Stores
    counters: Counters = field(default_factory=Counters)
    outboxes: list[Outbox] = field(default_factory=list)
    now: float = 0.0

    async def fire(self, number: int, channel: pb.AlertChannel) -> pb.Alert:
        """An alert alone, of an asset of its own."""
        rule = pb.AlertRule(name="alertRules/r", cooldown=Duration(), channels=[channel])
        match = Match(rule, opportunity(f"o-{number}", f"COIN{number}"), f"o-{number}")
        found = await self.stores.alerts.fire(match, None)
        assert isinstance(found, pb.Alert)
        self._wake()
        return found

    async def tell_group(
        self, revision: int, channel: pb.AlertChannel, kind: pb.AlertMessageKind.ValueType, key: str = "group-1"
    ) -> None:
        """The next message of a group."""
        told = message(kind, revision, key=key)
        async with self.pool.connection() as connection:
            await connection.execute(
                "INSERT INTO alert_groups (id, rule, key, label, token, asset, venue, reason) "
                "VALUES (%s, 'alertRules/r', %s, 'BTC cheap', %s, 'BTC', 'cheap', 1) ON CONFLICT DO NOTHING",
                (key, key, f"t-{key}"),
            )
            await connection.execute(
                "INSERT INTO alert_messages (id, rule, group_id, group_key, revision, kind, group_then) "
                "VALUES (%s, 'alertRules/r', %s, %s, %s, %s, %s)",
                (f"{key}-{revision}", key, key, revision, kind, stored(told.group)),
            )
            await connection.execute(
                "INSERT INTO deliveries "
                "(message_id, channel_id, position, channel, destination, tries_left, tries_until)"
                " VALUES (%s, %s, 0, %s, %s, 8, clock_timestamp() + interval '1 day')",
                (f"{key}-{revision}", channel.id, stored(channel), destination_of(channel)),
            )
        self._wake()

    async def elapse(self, seconds: float) -> None:
        """Moves the time on, and lets what is due by then be done."""
        while not await self._move(seconds):
            pass
        self.now += seconds
        self._wake()
        await asyncio.sleep(SETTLED_SECONDS)

    async def _move(self, seconds: float) -> bool:
        """False when an outbox was at the same rows in another order, which only this does."""
        try:
            async with self.pool.connection() as connection, connection.transaction():
                for statement in ELAPSE:
                    await connection.execute(statement, {"by": timedelta(seconds=seconds)})
        except psycopg.errors.DeadlockDetected:
            return False
        return True

    async def states(self) -> dict[str, tuple[int, int, str]]:
        """Of all deliveries, by message: state, attempts, error."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute("SELECT message_id, state, attempts, last_error FROM deliveries")
            return {row[0]: (row[1], row[2], row[3]) for row in await cursor.fetchall()}

    def _wake(self) -> None:
        for outbox in self.outboxes:
            outbox.wake()


@asynccontextmanager
async def virtual_outbox(dsn: str, replicas: int = 2, **more: Any) -> AsyncIterator[VirtualOutbox]:
    """Runs until the end of the block."""
    clock, pool = Clock(), await open_pool(dsn, 8)
    stores = stores_on(pool, dsn, Tries(8, 86_400), clock)
    virtual = VirtualOutbox(pool, stores)
    async with HttpSender(TargetPolicy(True), 5.0) as http:
        closings = Closings(stores.alerts)
        virtual.outboxes = [
            Outbox(stores.deliveries, http, closings, virtual.counters, 30.0, clock, **more) for _ in range(replicas)
        ]
        tasks = [asyncio.create_task(outbox.run()) for outbox in virtual.outboxes]
        try:
            yield virtual
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await pool.close()
