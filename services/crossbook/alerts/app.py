"""One alerts process: the stream of opportunities, the schedule, the outbox, the server, from start to stop."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from crossbook._core import venue_profiles
from crossbook.alerts.acknowledging import Acknowledging
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.closings import Closings
from crossbook.alerts.conditions.canaries import Canaries
from crossbook.alerts.conditions.sources import Sources
from crossbook.alerts.conditions.watch import ConditionWatch
from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.evaluation import Evaluation
from crossbook.alerts.evaluation.owned_slots import SLOTS, OwnedSlots
from crossbook.alerts.evaluation.ownership import Ownership
from crossbook.alerts.evaluation.replicas import open_replicas
from crossbook.alerts.evaluation.schedule import Schedule
from crossbook.alerts.evaluation.watcher import OpportunityWatcher
from crossbook.alerts.explaining import Explaining
from crossbook.alerts.firing import Firing, FiringLine
from crossbook.alerts.groups.lost_closings import LostClosings
from crossbook.alerts.groups.rounds import GroupRounds
from crossbook.alerts.health import PARTS, HealthWatch
from crossbook.alerts.holding.feeds import Feeds
from crossbook.alerts.holding.hold_back import HoldBack, holding_back
from crossbook.alerts.holding.shortfalls import Shortfalls
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
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.tasks import Keeper, keeping

LEASE_GROUP = "alerts"
MAX_TRY_SECONDS = 10.0
POOL_SIZE = 12


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Runs the service until it is told to stop. Postgres, Redis and arbitrage may come and go."""
    own, counters, health = settings.alerts, Counters(), ServiceHealth(SERVICE_NAME, awaits=PARTS)
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        replicas = await stack.enter_async_context(open_replicas(own.arbitrage_targets))
        feeds = Feeds(replicas, clock)
        hold_back = holding_back(feeds.domain)
        (stores, pool), redis = await _open_stores(settings, stack, clock, hold_back), _open_redis(settings, stack)
        cooldowns = CooldownStore(redis)
        stack.enter_context(start_metrics(settings.host, own.metrics_port, AlertsCollector(counters)))
        http = await stack.enter_async_context(_http(own))

        rulebook, closings = Rulebook(stores.rules), Closings(stores.alerts)
        firing = Firing(stores.alerts, cooldowns, closings, counters, own.claim_lease_seconds)
        line = FiringLine(firing)
        shortfalls = Shortfalls(stores.suppressions)
        slots = OwnedSlots(rulebook.rules, counters, shortfalls.add)
        evaluation = Evaluation(rulebook, stores.positions, slots, line, closings, clock)
        watcher = OpportunityWatcher(replicas, evaluation, counters)
        schedule = Schedule(rulebook, replicas, slots, firing, own.check_interval_seconds, clock)
        leases = SlotLeases(redis, LEASE_GROUP, SLOTS, clock=clock.passed_seconds)
        ownership = Ownership(leases, stores.positions, slots, line, counters, schedule.wake, clock)
        outbox = Outbox(
            stores.deliveries, http, closings, counters, own.delivery_lease_seconds, clock, own.acknowledge_url
        )
        rounds = GroupRounds(stores.groups, rulebook, hold_back, slots.latest, counters)
        canaries = Canaries(rulebook, firing, stores.alerts, counters, clock)
        sources = Sources(own.tracker_targets, read_shards("alerts", own), clock)
        stack.push_async_callback(sources.close)
        lifetime.on_hangup(lambda: read_shards("alerts", own), sources.choose, "shards")
        conditions = ConditionWatch(
            rulebook,
            slots,
            feeds,
            sources,
            canaries,
            replicas,
            firing,
            stores.groups,
            closings,
            clock,
            own.disk_folder,
        )
        lost_closings = LostClosings(stores.groups, slots, replicas, closings, clock)
        tail = Tail(stores.notices, stores.alerts, rulebook, outbox, rounds, counters)
        retention = Retention(stores, counters, own.history_retention_seconds)
        rules = RuleChanges(stores.rules, rulebook, http.policy, {profile.id for profile in venue_profiles()})
        acknowledging, explaining = Acknowledging(stores.groups, clock), Explaining(stores, slots, clock)
        service = AlertService(stores, rules, schedule, http, tail, acknowledging, explaining, counters)

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
            "lost closings": lost_closings.run,
            "groups": rounds.run,
            "feeds": feeds.run,
            "conditions": conditions.run,
            "canaries": canaries.run,
            "shortfalls": shortfalls.run,
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


async def _open_stores(
    settings: Settings, stack: AsyncExitStack, clock: Clock, hold_back: HoldBack
) -> tuple[Stores, Pool]:
    dsn = require_postgres_dsn(settings)
    pool = await open_pool(dsn, POOL_SIZE)
    stack.push_async_callback(pool.close)
    tries = Tries(settings.alerts.delivery_attempts, settings.alerts.delivery_seconds)
    return stores_on(pool, dsn, tries, clock, hold_back), pool


def _open_redis(settings: Settings, stack: AsyncExitStack) -> Redis:
    redis = open_redis(require_redis_url(settings))
    stack.push_async_callback(redis.aclose)
    return redis
