"""One alerts process: the stream of opportunities, the schedule, the outbox, the server, from start to stop."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from crossbook._core import venue_profiles
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.closings import Closings
from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.evaluation import Evaluation
from crossbook.alerts.evaluation.owned_slots import SLOTS, OwnedSlots
from crossbook.alerts.evaluation.ownership import Ownership
from crossbook.alerts.evaluation.replicas import open_replicas
from crossbook.alerts.evaluation.schedule import Schedule
from crossbook.alerts.evaluation.watcher import OpportunityWatcher
from crossbook.alerts.firing import Firing, FiringLine
from crossbook.alerts.health import PARTS, HealthWatch
from crossbook.alerts.metrics import AlertsCollector
from crossbook.alerts.outbox import Outbox
from crossbook.alerts.records import Tries
from crossbook.alerts.retention import Retention
from crossbook.alerts.rule_changes import RuleChanges
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.service import SERVICE_NAME, AlertService
from crossbook.alerts.store.stores import Stores, stores_on
from crossbook.alerts.tail import Tail
from crossbook.pb.v1.alerts_pb2_grpc import add_AlertServiceServicer_to_server
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.data.leases import SlotLeases
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.data.redis import Redis, open_redis
from crossbook.plumbing.export.service import ExportService, beside
from crossbook.plumbing.grpc.access import access_check
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import AlertsSettings, Settings, require_postgres_dsn, require_redis_url
from crossbook.plumbing.tasks import Keeper, keeping

LEASE_GROUP = "alerts"
MAX_TRY_SECONDS = 10.0
POOL_SIZE = 12


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Runs the service until it is told to stop. Postgres, Redis and arbitrage may come and go."""
    own, counters, health = settings.alerts, Counters(), ServiceHealth(SERVICE_NAME, awaits=PARTS)
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        (stores, pool), redis = await _open_stores(settings, stack, clock), _open_redis(settings, stack)
        cooldowns = CooldownStore(redis)
        stack.enter_context(start_metrics(settings.host, own.metrics_port, AlertsCollector(counters)))
        replicas = await stack.enter_async_context(open_replicas(own.arbitrage_targets))
        http = await stack.enter_async_context(_http(own))

        rulebook, closings = Rulebook(stores.rules), Closings(stores.alerts)
        firing = Firing(stores.alerts, cooldowns, closings, counters, own.claim_lease_seconds)
        line = FiringLine(firing)
        slots = OwnedSlots(rulebook.rules, counters)
        evaluation = Evaluation(rulebook, stores.positions, slots, line, closings, clock)
        watcher = OpportunityWatcher(replicas, evaluation, counters)
        schedule = Schedule(rulebook, replicas, slots, firing, own.check_interval_seconds, clock)
        leases = SlotLeases(redis, LEASE_GROUP, SLOTS, clock=clock.passed_seconds)
        ownership = Ownership(leases, stores.positions, slots, line, counters, schedule.wake, clock)
        outbox = Outbox(
            stores.deliveries, http, closings, counters, own.delivery_lease_seconds, clock, own.acknowledge_url
        )
        tail = Tail(stores.notices, stores.alerts, rulebook, outbox, counters)
        retention = Retention(stores.alerts, stores.deliveries, counters, own.history_retention_seconds)
        rules = RuleChanges(stores.rules, rulebook, http.policy, {profile.id for profile in venue_profiles()})
        service = AlertService(stores, rules, schedule, http, tail, counters)

        add = beside(partial(add_AlertServiceServicer_to_server, service), ExportService("alerts", pool))
        await stack.enter_async_context(
            grpc_server(
                settings.host, own.port, add, health, reload=lifetime.reload, access=access_check(settings.access)
            )
        )
        stack.callback(tail.close)
        workers: dict[str, Callable[[], Awaitable[None]]] = {
            "clock": clock.keep_beating,
            "rules": rulebook.run,
            "notices": tail.run,
            "opportunities": watcher.run,
            "slots": ownership.run,
            "firing": line.run,
            "schedule": schedule.run,
            "deliveries": outbox.run,
            "closings": closings.run,
            "retention": retention.run,
            "health": HealthWatch(stores, cooldowns, counters, ownership, line, health).run,
        }
        async with keeping(Keeper(health.tell)) as keep:
            for name, work in workers.items():
                keep(name, work)
            await lifetime.stopping.wait()


def _http(own: AlertsSettings) -> HttpSender:
    try_seconds = min(MAX_TRY_SECONDS, own.delivery_lease_seconds / 2)
    return HttpSender(TargetPolicy(own.allow_private_targets), try_seconds, own.authorities_file)


async def _open_stores(settings: Settings, stack: AsyncExitStack, clock: Clock) -> tuple[Stores, Pool]:
    dsn = require_postgres_dsn(settings)
    pool = await open_pool(dsn, POOL_SIZE)
    stack.push_async_callback(pool.close)
    tries = Tries(settings.alerts.delivery_attempts, settings.alerts.delivery_seconds)
    return stores_on(pool, dsn, tries, clock), pool


def _open_redis(settings: Settings, stack: AsyncExitStack) -> Redis:
    redis = open_redis(require_redis_url(settings))
    stack.push_async_callback(redis.aclose)
    return redis
