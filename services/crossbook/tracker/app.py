"""The tracker process: its venues side by side, and TrackerService over them."""

import asyncio
from collections.abc import Iterable

import structlog

from crossbook._core import venue_profiles
from crossbook.pb.v1.tracker_pb2_grpc import add_TrackerServiceServicer_to_server
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, TrackerSettings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.tasks import Keeper
from crossbook.plumbing.timestamps import seconds_to_ns
from crossbook.tracker.metrics import TrackerMetrics
from crossbook.tracker.outgoing.channels import Channels
from crossbook.tracker.outgoing.pace import Pace
from crossbook.tracker.service import SERVICE_NAME, TrackerService
from crossbook.tracker.venue.choice import choose_venues, read_choice
from crossbook.tracker.venue.local_clock import LocalClock
from crossbook.tracker.venue.look import keep_health
from crossbook.tracker.venue.venue import Venue
from crossbook.transport.limits import shared_limits

MARKETS = "markets"  # the part of the health that the venues' lists are

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime) -> None:
    """Tracks until told to stop. Raises SettingsError and PortTakenError."""
    profiles = choose_venues({profile.id: profile for profile in venue_profiles()}, settings.tracker)
    choice = read_choice(settings.tracker)
    shards = read_shards("tracker", settings.tracker)
    _prepare_record_dir(settings.tracker)
    listed = asyncio.Event()
    pace = Pace(asyncio.get_running_loop().time)
    limits = shared_limits(profiles)
    clock = LocalClock(seconds_to_ns(settings.tracker.max_clock_error_seconds))
    channels = Channels()
    venues = {
        profile.id: Venue(
            profile, settings.tracker, choice, shards, channels, pace, limits[profile.id], clock, listed.set
        )
        for profile in profiles
    }
    service = TrackerService(venues)
    health = ServiceHealth(SERVICE_NAME, awaits=(MARKETS,))
    server = grpc_server(
        settings.host,
        settings.tracker.port,
        lambda server: add_TrackerServiceServicer_to_server(service, server),
        health,
    )
    keeper = Keeper(health.tell)
    lifetime.on_hangup(lambda: _reload(settings.tracker, venues.values()))
    metrics = TrackerMetrics(clock)
    with start_metrics(settings.host, settings.tracker.metrics_port), metrics.exported():
        async with server, asyncio.TaskGroup() as tasks:
            for venue in venues.values():
                tasks.create_task(venue.run(lifetime))
                tasks.create_task(venue.keep_listing(lifetime))
            helpers = [
                tasks.create_task(keeper.keep("metrics", lambda: metrics.keep_current(service.all_stats))),
                tasks.create_task(keeper.keep("health", lambda: keep_health(venues.values(), clock))),
                tasks.create_task(_serve_once_listed(health, listed)),
            ]
            await lifetime.stopping.wait()
            for helper in helpers:
                helper.cancel()
            await health.tell("process", "it stops")


def _reload(settings: TrackerSettings, venues: Iterable[Venue]) -> None:
    """Reads the choice and the list of shards again; one that cannot be read changes nothing."""
    try:
        choice, shards = read_choice(settings), read_shards("tracker", settings)
    except SettingsError as error:
        log.error("reload_refused", error=str(error))
        return
    log.info("reloading", symbols=len(choice.symbols), assets=len(choice.assets), shards=sorted(shards))
    for venue in venues:
        venue.choose(choice)
        venue.route(shards)


async def _serve_once_listed(health: ServiceHealth, listed: asyncio.Event) -> None:
    """SERVING from the first listed venue on: then there is something to ask for."""
    await listed.wait()
    await health.tell(MARKETS, "")


def _prepare_record_dir(settings: TrackerSettings) -> None:
    try:
        if settings.record_dir is not None:
            settings.record_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"setting tracker.record_dir: {error}") from error
