"""One arbitrage process: the stream of quotes, the timer, the server, and what they need, from start to stop."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import structlog

from crossbook.arbitrage import metrics
from crossbook.arbitrage.cooldowns import CooldownReader
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.recorder import BatchRecorder
from crossbook.arbitrage.service import SERVICE_NAME, ArbitrageService
from crossbook.arbitrage.store import WindowStore
from crossbook.arbitrage.tuning import ScannerArguments, scanner_arguments
from crossbook.arbitrage.venues import VenueStates
from crossbook.arbitrage.watch import OnConnected, QuoteWatch
from crossbook.pb.v1.arbitrage_pb2_grpc import add_ArbitrageServiceServicer_to_server
from crossbook.plumbing.cooldown import CooldownStore
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.grpc_server import RunningServer, grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.postgres import open_pool
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.redis import open_redis
from crossbook.plumbing.settings import ArbitrageSettings, Settings
from crossbook.plumbing.timestamps import now_ns

TIMER_SECONDS = 0.05

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime) -> None:
    """Runs the service until it is told to stop. Postgres and Redis are optional and may come and go."""
    own = settings.arbitrage
    arguments = scanner_arguments(own)
    async with AsyncExitStack() as stack:
        recorder = stack.enter_context(_recording(own, arguments))
        live = LiveScan(arguments, recorder)
        venues = VenueStates(own.aggregator_target)
        service = ArbitrageService(
            live, venues, arguments, await _open_cooldowns(settings, stack), await _open_store(settings, stack)
        )
        stack.enter_context(metrics.collected(live))
        stack.enter_context(start_metrics(settings.host, own.metrics_port))
        server = await stack.enter_async_context(
            grpc_server(
                settings.host,
                own.port,
                lambda server: add_ArbitrageServiceServicer_to_server(service, server),
                [SERVICE_NAME],
            )
        )
        stack.callback(live.broadcast.close)
        await _work(live, QuoteWatch(own.aggregator_target, live, _health_of(server)), venues, lifetime)


async def _work(live: LiveScan, watch: QuoteWatch, venues: VenueStates, lifetime: Lifetime) -> None:
    async with asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(watch.run()), tasks.create_task(venues.run())]
        while not await lifetime.sleep(TIMER_SECONDS):
            live.on_timer()
        for task in following:
            task.cancel()


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


async def _open_store(settings: Settings, stack: AsyncExitStack) -> WindowStore | None:
    if settings.postgres_dsn is None:
        log.warning("windows_unreadable", reason="postgres_dsn is not set")
        return None
    pool = await open_pool(settings.postgres_dsn.get_secret_value())
    stack.push_async_callback(pool.close)
    return WindowStore(pool)
