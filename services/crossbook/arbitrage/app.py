"""One arbitrage process: the streams of quotes, the timer, the server, and what they need, from start to stop."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import structlog

from crossbook.arbitrage import metrics
from crossbook.arbitrage.cooldowns import CooldownReader
from crossbook.arbitrage.event_history import EventHistory
from crossbook.arbitrage.event_log import EventLog
from crossbook.arbitrage.event_retention import keep_events
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.identity import IdentityRegister
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.recorder import BatchRecorder
from crossbook.arbitrage.service import SERVICE_NAME, ArbitrageService
from crossbook.arbitrage.shards import OnConnected, ShardFollower
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.store.identities import IdentityStore
from crossbook.arbitrage.store.windows import WindowStore
from crossbook.arbitrage.tuning import ScannerArguments, scanner_arguments
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.data.postgres import Pool, open_pool
from crossbook.plumbing.data.redis import open_redis
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.grpc.server import RunningServer, grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import ArbitrageSettings, Settings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.timestamps import now_ns

TIMER_SECONDS = 0.05

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime) -> None:
    """Runs the service until it is told to stop. Postgres and Redis are optional and may come and go; but where
    decisions about identities are kept in Postgres, none is published before they were read once.
    """
    own = settings.arbitrage
    arguments = scanner_arguments(own)
    listed = read_shards("arbitrage", own)
    async with AsyncExitStack() as stack:
        recorder = stack.enter_context(_recording(own, arguments))
        pool = await _open_pool(settings, stack)
        events = EventLog()
        log_store = EventStore(pool) if pool else None
        writer = EventWriter(log_store, events.log_id) if log_store else None
        history = EventHistory(log_store, writer, events) if log_store and writer else None
        live = LiveScan(arguments, recorder, events, writer)
        shards = ShardFollower(listed, live)
        identities = IdentityRegister(live, IdentityStore(pool) if pool else None)
        windows = WindowStore(pool) if pool else None
        cooldowns = await _open_cooldowns(settings, stack)
        service = ArbitrageService(live, shards, arguments, cooldowns, windows, identities, history)
        stack.enter_context(metrics.collected(live, shards))
        stack.enter_context(start_metrics(settings.host, own.metrics_port))
        server = await stack.enter_async_context(
            grpc_server(
                settings.host,
                own.port,
                service.register,
                [SERVICE_NAME],
            )
        )
        stack.callback(live.broadcast.close)
        lifetime.on_hangup(lambda: _reload(own, shards))
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(_follow(identities, shards, _health_of(server)))]
            if log_store and writer:
                background.append(tasks.create_task(writer.run()))
                background.append(tasks.create_task(keep_events(log_store, own.event_retention_seconds)))
            while not await lifetime.sleep(TIMER_SECONDS):
                live.on_timer()
            for task in background:
                task.cancel()


async def _follow(identities: IdentityRegister, shards: ShardFollower, on_connected: OnConnected) -> None:
    """No quote before the decisions: a pair that was denied must not be published until Postgres is back."""
    await identities.load()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(identities.run())
        tasks.create_task(shards.run(on_connected))


def _reload(settings: ArbitrageSettings, shards: ShardFollower) -> None:
    """Reads the list of shards again; one that cannot be read changes nothing."""
    try:
        listed = read_shards("arbitrage", settings)
    except SettingsError as error:
        log.error("reload_refused", error=str(error))
        return
    log.info("reloading", shards=sorted(listed))
    shards.choose(listed)


def _health_of(server: RunningServer) -> OnConnected:
    async def tell(is_connected: bool) -> None:
        for name in ("", SERVICE_NAME):
            await server.set_serving(name, is_connected)

    return tell


@contextmanager
def _recording(settings: ArbitrageSettings, arguments: ScannerArguments) -> Iterator[BatchRecorder | None]:
    if settings.record_dir is None:
        yield None
        return
    try:
        recorder = BatchRecorder(settings.record_dir, arguments, now_ns(), settings.record_max_bytes)
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
