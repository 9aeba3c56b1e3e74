"""Runs the aggregator: intake, writers, fan-out, queries and retention around one gRPC server."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import structlog

from crossbook._core import QuoteHub
from crossbook.aggregator.concurrency import Wakeups
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.database import POSTGRES, DatabaseWatch
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.intake import Intake
from crossbook.aggregator.metrics import AggregatorCollector
from crossbook.aggregator.retention import keep_retention
from crossbook.aggregator.service import SERVICE_NAME, AggregatorService
from crossbook.aggregator.store.reads import Reads
from crossbook.aggregator.store.store import Store
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, require_postgres_dsn
from crossbook.plumbing.tasks import Keeper

DRAIN_SECONDS = 5.0
# Connections to Postgres; readers have theirs, so that no crowd of them keeps the writers waiting.
WRITING_POOL_SIZE, READING_POOL_SIZE = 16, 8

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Until the lifetime ends. Postgres need not be there yet: hellos are then answered UNAVAILABLE."""
    dsn = require_postgres_dsn(settings)
    async with AsyncExitStack() as stack:
        pools = [await open_pool(dsn, max_size=size) for size in (WRITING_POOL_SIZE, READING_POOL_SIZE)]
        for pool in pools:
            stack.push_async_callback(pool.close)
        await _run(settings, lifetime, clock or Clock(), *pools)


async def _run(settings: Settings, lifetime: Lifetime, clock: Clock, writing: Pool, reading: Pool) -> None:
    store, counters, hub, hub_changed = Store(writing, settings.aggregator.shard), Counters(), QuoteHub(), Wakeups()
    health = ServiceHealth(SERVICE_NAME, awaits=(POSTGRES,))
    keeper = Keeper(health.tell)
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def keep(name: str, run: Callable[[], Awaitable[None]]) -> None:
            tasks.append(group.create_task(keeper.keep(name, run)))

        intake = Intake(
            settings.aggregator,
            store,
            counters,
            hub,
            hub_changed,
            lifetime.stopping,
            keep,
            clock,
        )
        fanout = Fanout(hub, hub_changed, lifetime.stopping)
        service = AggregatorService(intake, fanout, hub, Reads(reading), counters)
        port, metrics_port = settings.aggregator.port, settings.aggregator.metrics_port
        with start_metrics(settings.host, metrics_port, AggregatorCollector(counters, intake.venues, fanout)):
            async with grpc_server(settings.host, port, service.register, health, max_request_bytes=MAX_MESSAGE_BYTES):
                keep("postgres_watch", DatabaseWatch(store, counters, health, intake.commit_failure).run)
                keep("retention", lambda: keep_retention(store, settings.aggregator, clock))
                keep("clock", clock.keep_beating)
                await lifetime.stopping.wait()
            await _drain(intake)
        for task in tasks:
            task.cancel()


async def _drain(intake: Intake) -> None:
    """Commits what is closed already; what cannot be in time stays with the trackers and comes again."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await intake.drain()
    except TimeoutError:
        log.warning("stopped_with_windows_waiting", venues=intake.venues_waiting())
