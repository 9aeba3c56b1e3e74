"""The tracker process: its venues side by side, and TrackerService over them."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TypeAlias

import structlog

from crossbook._core import Pace, venue_profiles
from crossbook.pb.v1.tracker_pb2_grpc import add_TrackerServiceServicer_to_server
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.grpc.access import access_check
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Endpoint, Settings, TrackerSettings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.tasks import Keeper, keeping
from crossbook.plumbing.timestamps import seconds_to_ns
from crossbook.tracker.metrics import TrackerCollector
from crossbook.tracker.outgoing.outgoing import Outgoing
from crossbook.tracker.service import SERVICE_NAME, TrackerService
from crossbook.tracker.venue.choice import choose_venues, read_choice
from crossbook.tracker.venue.local_clock import LocalClock
from crossbook.tracker.venue.look import keep_health
from crossbook.tracker.venue.reach import Reach
from crossbook.tracker.venue.venue import Station, Venue
from crossbook.tracker.venue.wanted import Choice
from crossbook.transport.fetcher import Fetcher
from crossbook.transport.limits import shared_limits

MARKETS = "markets"  # the part of the health that the venues' lists are
Listed: TypeAlias = tuple[Choice, Mapping[str, str]]
"""What is tracked, and the shards that it goes to: read again at SIGHUP."""

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Tracks until told to stop. Raises SettingsError and PortTakenError."""
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(open_plane())
        station = _station(settings.tracker, plane, clock or Clock())
        venues = await _venues(settings.tracker, station, stack)
        service = TrackerService(venues, settings.tracker.spool_dir)
        health = ServiceHealth(SERVICE_NAME, awaits=(MARKETS,))
        lifetime.on_hangup(
            lambda: _read(settings.tracker), lambda listed: _take(listed, venues.values()), "choice, shards"
        )
        metrics = TrackerCollector(station.local_clock)
        stack.enter_context(start_metrics(settings.host, settings.tracker.metrics_port, metrics))
        await stack.enter_async_context(
            grpc_server(
                settings.host,
                settings.tracker.port,
                lambda server: add_TrackerServiceServicer_to_server(service, server),
                health,
                reload=lifetime.reload,
                access=access_check(settings.access),
            )
        )
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for venue in venues.values():
            tasks.create_task(venue.run(lifetime))
            tasks.create_task(venue.keep_listing(lifetime))
            tasks.create_task(venue.keep_facts(lifetime))
        async with keeping(Keeper(health.tell)) as keep:
            keep("clock", station.clock.keep_beating)
            keep("metrics", lambda: metrics.keep_current(service.all_stats))
            keep("health", lambda: keep_health(venues.values(), station.local_clock))
            keep("listing", lambda: _serve_once_listed(health, station.listed))
            await lifetime.stopping.wait()
        await health.tell("process", "it stops")


def _station(settings: TrackerSettings, plane: PlaneThread, clock: Clock) -> Station:
    _prepare_record_dir(settings)
    return Station(
        settings,
        Outgoing(plane, Pace(), settings.buffer_bytes),
        clock,
        LocalClock(seconds_to_ns(settings.max_clock_error_seconds)),
        asyncio.Event(),
    )


async def _venues(settings: TrackerSettings, station: Station, stack: AsyncExitStack) -> dict[str, Venue]:
    profiles = choose_venues({profile.id: profile for profile in venue_profiles()}, settings)
    choice, shards = _read(settings)
    limits = shared_limits(profiles, settings.limits_share)
    venues = {}
    for name in (profile.id for profile in profiles):
        fetcher = await stack.enter_async_context(Fetcher(name, limits[name].requests))
        reach = Reach(name, settings.endpoints.get(name, Endpoint()), limits[name], fetcher)
        venues[name] = Venue(station, reach, choice, shards)
    return venues


def _read(settings: TrackerSettings) -> Listed:
    """Raises SettingsError."""
    return read_choice(settings), read_shards("tracker", settings)


def _take(listed: Listed, venues: Iterable[Venue]) -> None:
    choice, shards = listed
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
