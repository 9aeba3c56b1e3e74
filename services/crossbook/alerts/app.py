"""One alerts process: the stream of opportunities, the schedule, the outbox, the server, from start to stop."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from crossbook._core import venue_profiles
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.counters import Counters, collected
from crossbook.alerts.evaluation.ownership import Ownership
from crossbook.alerts.evaluation.portion import SLOTS, Portion
from crossbook.alerts.evaluation.replicas import open_replicas
from crossbook.alerts.evaluation.schedule import Schedule
from crossbook.alerts.evaluation.watcher import OpportunityWatcher
from crossbook.alerts.firing import Firing, FiringLine
from crossbook.alerts.health import PARTS, HealthWatch
from crossbook.alerts.outbox import Outbox
from crossbook.alerts.retention import Retention
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.service import SERVICE_NAME, AlertService
from crossbook.alerts.store import AlertStore
from crossbook.alerts.tail import Tail
from crossbook.pb.v1.alerts_pb2_grpc import add_AlertServiceServicer_to_server
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.data.leases import SlotLeases
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.data.redis import Redis, open_redis
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, require_postgres_dsn, require_redis_url
from crossbook.plumbing.tasks import Keeper

LEASE_GROUP = "alerts"
MAX_TRY_SECONDS = 10.0
POOL_SIZE = 12


async def run(settings: Settings, lifetime: Lifetime) -> None:
    """Runs the service until it is told to stop. Postgres, Redis and arbitrage may come and go."""
    async with AsyncExitStack() as stack:
        parts = await _assemble(settings, stack)
        health = ServiceHealth(SERVICE_NAME, awaits=PARTS)
        await stack.enter_async_context(
            grpc_server(
                settings.host,
                settings.alerts.port,
                lambda server: add_AlertServiceServicer_to_server(parts.service, server),
                health,
            )
        )
        stack.callback(parts.tail.close)
        workers: dict[str, _Worker] = {**parts.workers, "health": parts.watch(health)}
        keeper = Keeper(health.tell)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(keeper.keep(name, worker.run)) for name, worker in workers.items()]
            await lifetime.stopping.wait()
            for task in running:
                task.cancel()


class _Worker(Protocol):
    async def run(self) -> None:
        """Until cancelled."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What run puts to work."""

    tail: Tail
    service: AlertService
    workers: Mapping[str, _Worker]
    watch: Callable[[ServiceHealth], HealthWatch]


async def _assemble(settings: Settings, stack: AsyncExitStack) -> _Parts:
    own, counters = settings.alerts, Counters()
    store, redis = await _open_store(settings, stack), _open_redis(settings, stack)
    cooldowns = CooldownStore(redis)
    if own.metrics_port:
        stack.enter_context(collected(counters))
        stack.enter_context(start_metrics(settings.host, own.metrics_port))
    replicas = await stack.enter_async_context(open_replicas(own.arbitrage_targets))
    try_seconds = min(MAX_TRY_SECONDS, own.delivery_lease_seconds / 2)
    policy = TargetPolicy(own.allow_private_targets)
    http = await stack.enter_async_context(HttpSender(policy, try_seconds, own.authorities_file))

    rulebook = Rulebook(store)
    firing = Firing(store, cooldowns, counters, own.claim_lease_seconds, own.delivery_attempts)
    line = FiringLine(firing)
    portion = Portion(rulebook.rules, counters)
    watcher = OpportunityWatcher(replicas, store, rulebook, portion, line, counters)
    schedule = Schedule(rulebook, replicas, portion, firing, own.check_interval_seconds)
    leases = SlotLeases(redis, LEASE_GROUP, SLOTS)
    ownership = Ownership(leases, store, portion, line, counters, schedule.wake)
    outbox = Outbox(store, http, counters, own.delivery_lease_seconds)
    tail = Tail(store, rulebook, outbox, counters)
    retention = Retention(store, counters, own.history_retention_seconds)
    venues = frozenset(profile.id for profile in venue_profiles())
    service = AlertService(store, rulebook, schedule, http, tail, counters, venues, own.delivery_attempts)
    workers: dict[str, _Worker] = {
        "rules": rulebook,
        "notices": tail,
        "opportunities": watcher,
        "slots": ownership,
        "firing": line,
        "schedule": schedule,
        "deliveries": outbox,
        "retention": retention,
    }
    return _Parts(
        tail, service, workers, lambda health: HealthWatch(store, cooldowns, counters, ownership, line, health)
    )


async def _open_store(settings: Settings, stack: AsyncExitStack) -> AlertStore:
    dsn = require_postgres_dsn(settings)
    pool = await open_pool(dsn, POOL_SIZE)
    stack.push_async_callback(pool.close)
    return AlertStore(pool, dsn)


def _open_redis(settings: Settings, stack: AsyncExitStack) -> Redis:
    redis = open_redis(require_redis_url(settings))
    stack.push_async_callback(redis.aclose)
    return redis
