"""Runs the aggregator: intake, writers, fan-out, queries and retention around one gRPC server."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import structlog

from crossbook._core import QuoteHub
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.database import POSTGRES, DatabaseWatch
from crossbook.aggregator.facts.calls import FactCalls
from crossbook.aggregator.facts.table import FactTable
from crossbook.aggregator.fanout import Fanout
from crossbook.aggregator.intake import Intake
from crossbook.aggregator.metrics import AggregatorCollector
from crossbook.aggregator.retention import keep_retention
from crossbook.aggregator.service import SERVICE_NAME, AggregatorService
from crossbook.aggregator.store.reads import Reads
from crossbook.aggregator.store.store import Store
from crossbook.aggregator.venue import Venue
from crossbook.aggregator.venues import Venues
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.export.service import ExportService, beside
from crossbook.plumbing.grpc.access import access_check
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.plane.thread import open_plane
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, require_postgres_dsn
from crossbook.plumbing.tasks import Keeper, keeping

DRAIN_SECONDS = 5.0
# Connections to Postgres; readers have theirs, so that no crowd of them keeps the writers waiting.
WRITING_POOL_SIZE, READING_POOL_SIZE = 16, 8

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Until the lifetime ends. Postgres need not be there yet: hellos are then answered UNAVAILABLE."""
    own, dsn, clock = settings.aggregator, require_postgres_dsn(settings), clock or Clock()
    async with AsyncExitStack() as stack:
        store = Store(await _open_pool(dsn, WRITING_POOL_SIZE, stack), own.shard)
        reading = await _open_pool(dsn, READING_POOL_SIZE, stack)
        reads, exports = Reads(reading), ExportService("aggregator", reading)
        health = ServiceHealth(SERVICE_NAME, awaits=(POSTGRES,))
        keep = await stack.enter_async_context(keeping(Keeper(health.tell)))
        counters, hub = Counters(), QuoteHub()
        make = partial(Venue, window_seconds=own.window_seconds, hub=hub, store=store, counters=counters, clock=clock)
        venues = Venues(make, keep)
        intake = Intake(own, venues, hub, counters, lifetime.stopping, clock)
        fanout = Fanout(hub, lifetime.stopping)
        facts = FactCalls(FactTable(), venues.opened, lifetime.stopping)
        service = AggregatorService(intake, fanout, reads, counters, facts)  # type: ignore[abstract]  # the plane serves its streams
        collector = AggregatorCollector(counters, intake, fanout)
        stack.enter_context(start_metrics(settings.host, own.metrics_port, collector))
        plane = await stack.enter_async_context(open_plane())
        server = grpc_server(
            settings.host,
            own.port,
            beside(service.register, exports),
            health,
            plane=plane,
            streams=service.streams,
            reload=lifetime.reload,
            access=access_check(settings.access),
        )
        async with server:
            keep("postgres_watch", DatabaseWatch(store, counters, health, venues.commit_failure).run)
            keep("retention", lambda: keep_retention(store, own, clock))
            keep("clock", clock.keep_beating)
            await lifetime.stopping.wait()
        await _drain(venues)


async def _open_pool(dsn: str, size: int, stack: AsyncExitStack) -> Pool:
    pool = await open_pool(dsn, max_size=size)
    stack.push_async_callback(pool.close)
    return pool


async def _drain(venues: Venues) -> None:
    """Commits what is closed already; what cannot be in time stays with the trackers and comes again."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await venues.drain()
    except TimeoutError:
        log.warning("stopped_with_windows_waiting", venues=venues.waiting())
