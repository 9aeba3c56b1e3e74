"""One arbitrage process: the streams of quotes, the timer, the server, and what they need, from start to stop."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from functools import partial

import structlog

from crossbook.arbitrage.cooldowns import CooldownReader
from crossbook.arbitrage.facts.answers import FactAnswers
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.arbitrage.identity import IdentityRegister
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.lives.keeper import LifeKeeper
from crossbook.arbitrage.lives.training import LifeTrainer
from crossbook.arbitrage.metrics import ArbitrageCollector
from crossbook.arbitrage.recorder import BatchRecorder
from crossbook.arbitrage.retention import MAX_EVENTS, MAX_LIVES, keep_rows
from crossbook.arbitrage.service import SERVICE_NAME, ArbitrageService
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.store.identities import IdentityStore
from crossbook.arbitrage.store.lives import LifeStore
from crossbook.arbitrage.store.models import ModelStore
from crossbook.arbitrage.store.windows import WindowStore
from crossbook.arbitrage.tuning import ScannerArguments, scanner_arguments
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.data.redis import open_redis
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.export.service import ExportService, beside
from crossbook.plumbing.grpc.access import access_check
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.plane.thread import open_plane
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import ArbitrageSettings, Settings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.tasks import Keeper, keeping

TIMER_SECONDS = 0.05
CLOCK_SECONDS = 0.5
FACTS_SECONDS = 15.0
# Parts of the health: the shards' streams, whether what they tell can be used, and facts of instruments.
QUOTES, QUOTE_TIMES, FACTS = "quotes", "quote times", "facts"

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Runs the service until it is told to stop. Postgres and Redis are optional and may come and go; but where
    decisions about identities are kept in Postgres, none is published before they were read once.
    """
    own = settings.arbitrage
    arguments = scanner_arguments(own)
    clock = clock or Clock()
    listed = read_shards("arbitrage", own)
    async with AsyncExitStack() as stack:
        recorder = stack.enter_context(_recording(own, arguments, clock))
        pool = await _open_pool(settings, stack)
        events = EventStore(pool, clock) if pool else None
        live = LiveScan(arguments, recorder, events, clock)
        stack.callback(live.take_news)  # the last of it
        plane = await stack.enter_async_context(open_plane())
        shards = ShardFollower(listed, live, plane)
        facts = FactFollower(lambda: shards.listed, live.on_facts, clock)
        identities = IdentityRegister(live, IdentityStore(pool) if pool else None)
        windows = WindowStore(pool) if pool else None
        lives = LifeStore(pool) if pool else None
        cooldowns = await _open_cooldowns(settings, stack)
        answers = FactAnswers(facts, assume=own.assume_no_funding)
        service = ArbitrageService(  # type: ignore[abstract]  # the plane serves its stream
            live, shards, arguments, cooldowns, windows, identities, lives, answers
        )
        stack.enter_context(start_metrics(settings.host, own.metrics_port, ArbitrageCollector(live, shards, facts)))
        health = ServiceHealth(SERVICE_NAME, awaits=(QUOTES,))
        server = grpc_server(
            settings.host,
            own.port,
            beside(service.register, ExportService("arbitrage", pool)),
            health,
            plane=plane,
            streams=service.streams,
            reload=lifetime.reload,
            access=access_check(settings.access),
        )
        await stack.enter_async_context(server)
        stack.callback(live.close)
        lifetime.on_hangup(lambda: read_shards("arbitrage", own), lambda listed: _take(listed, shards), "shards")
        keeper = Keeper(health.tell)
        async with keeping(keeper) as keep:
            are_decided = asyncio.Event()
            keep("clock", clock.keep_beating)
            keep("timer", lambda: _tick(live))
            keep("clock check", lambda: _tell_clock(live, health))
            keep("news", lambda: live.hear(plane))
            keep("identities", lambda: _keep_identities(identities, are_decided))
            keep("shards", lambda: _follow(shards, are_decided, keeper, health))
            keep("facts", facts.run)
            keep("facts' ages", lambda: _tell_facts(facts, live, health))
            if events and live.writer:
                keep("event log", live.writer.run)
                keep("event retention", partial(keep_rows, events, "events", own.event_retention_seconds, MAX_EVENTS))
            if lives and pool:
                keep("lives", LifeKeeper(lives, live.scanner.log_id, live.open_ids).run)
                keep("life models", LifeTrainer(ModelStore(pool), live).run)
                keep("life retention", partial(keep_rows, lives, "lives", own.history_retention_seconds, MAX_LIVES))
            await lifetime.stopping.wait()


async def _tick(live: LiveScan) -> None:
    while True:
        await asyncio.sleep(TIMER_SECONDS)
        live.on_timer()


async def _tell_clock(live: LiveScan, health: ServiceHealth) -> None:
    """Whoever sees nothing for its clock's sake must not look like one before whose eyes nothing happens."""
    while True:
        await asyncio.sleep(CLOCK_SECONDS)
        await health.tell(QUOTE_TIMES, live.clock_problem)


async def _tell_facts(facts: FactFollower, live: LiveScan, health: ServiceHealth) -> None:
    while True:
        facts.look()
        await health.tell(FACTS, facts.problem(live.clock.now_ns()))
        await asyncio.sleep(FACTS_SECONDS)


async def _keep_identities(identities: IdentityRegister, are_decided: asyncio.Event) -> None:
    await identities.load()
    are_decided.set()
    await identities.run()


async def _follow(shards: ShardFollower, are_decided: asyncio.Event, keeper: Keeper, health: ServiceHealth) -> None:
    """No quote before the decisions: a pair that was denied must not be published until Postgres is back."""

    async def tell(is_connected: bool) -> None:
        await health.tell(QUOTES, "" if is_connected else "no shard's stream is up")

    await are_decided.wait()
    await shards.run(tell, keeper)


def _take(listed: Mapping[str, str], shards: ShardFollower) -> None:
    log.info("reloading", shards=sorted(listed))
    shards.choose(listed)


@contextmanager
def _recording(
    settings: ArbitrageSettings, arguments: ScannerArguments, clock: Clock
) -> Iterator[BatchRecorder | None]:
    if settings.record_dir is None:
        yield None
        return
    try:
        recorder = BatchRecorder(settings.record_dir, arguments, clock.now_ns(), settings.record_max_bytes)
    except OSError as error:
        raise SettingsError(f"setting arbitrage.record_dir: {error}") from None
    try:
        yield recorder
    finally:
        recorder.close()


async def _open_cooldowns(settings: Settings, stack: AsyncExitStack) -> CooldownReader:
    if settings.redis_url is None:
        log.warning("cooldowns_unknown", reason="redis_url is not set")
        return CooldownReader(None)
    redis = open_redis(settings.redis_url.get_secret_value())
    stack.push_async_callback(redis.aclose)
    return CooldownReader(CooldownStore(redis))


async def _open_pool(settings: Settings, stack: AsyncExitStack) -> Pool | None:
    if settings.postgres_dsn is None:
        log.warning("windows_unreadable", reason="postgres_dsn is not set")
        log.warning("identities_unreadable", reason="postgres_dsn is not set: what is found ends with this process")
        return None
    pool = await open_pool(settings.postgres_dsn.get_secret_value())
    stack.push_async_callback(pool.close)
    return pool
