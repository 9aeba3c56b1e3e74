"""One gateway: the board of quotes, what the processes say, both ports, and what they need, from start to stop."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import structlog

from crossbook._core import Transcoder
from crossbook.gateway.accounts.assembly import Accounts, open_accounts
from crossbook.gateway.accounts.service import SERVICE_NAME as ACCOUNTS
from crossbook.gateway.acknowledging import Acknowledging
from crossbook.gateway.answers.prices import Prices
from crossbook.gateway.answers.processes import Processes
from crossbook.gateway.answers.service import SERVICE_NAME, GatewayService
from crossbook.gateway.backend import Backend
from crossbook.gateway.counters import Counters
from crossbook.gateway.http.front import Answer, Authenticate, Count, Front, Serve
from crossbook.gateway.http.hosts import Hosts
from crossbook.gateway.http.limits import Limiter, Proxies
from crossbook.gateway.http.server import web_server
from crossbook.gateway.http.static import StaticFiles
from crossbook.gateway.metrics import GatewayCollector
from crossbook.gateway.over_grpc import OverGrpc
from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.rest.cache import Cache
from crossbook.gateway.rest.openapi import document
from crossbook.gateway.rest.rest import Rest
from crossbook.gateway.shards import ShardBoard
from crossbook.gateway.sockets.alerts import Alerts
from crossbook.gateway.sockets.opportunities import Opportunities
from crossbook.gateway.sockets.quotes import QuoteLanes
from crossbook.gateway.sockets.sockets import Registry, Sockets
from crossbook.gateway.sockets.states import States
from crossbook.gateway.web import Web
from crossbook.pb.v1.accounts_pb2_grpc import add_AccountServiceServicer_to_server
from crossbook.pb.v1.gateway_pb2 import GetSummaryRequest
from crossbook.pb.v1.gateway_pb2_grpc import add_GatewayServiceServicer_to_server
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.exposure import check_web_exposure
from crossbook.plumbing.grpc.access import AccessCheck
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.metrics import start_metrics
from crossbook.plumbing.plane.thread import open_plane
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import GatewaySettings, Settings
from crossbook.plumbing.shards import read_shards
from crossbook.plumbing.tasks import Keeper, keeping

DESCRIPTORS = Path(__file__).parents[1] / "pb/descriptors.binpb"
QUOTES = "quotes"  # the part of the health that the shards' streams are
METHOD_REQUESTS_PER_SECOND, METHOD_BURST = 100.0, 400.0

log = structlog.get_logger()


async def run(settings: Settings, lifetime: Lifetime, clock: Clock | None = None) -> None:
    """Runs until told to stop; whatever it asks may come and go. Raises SettingsError and PortTakenError."""
    check_web_exposure(settings)
    own, clock = settings.gateway, clock or Clock()
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(open_plane())
        shards = ShardBoard(read_shards("gateway", own), clock.core, plane)
        backends = Backends(_targets(own, read_shards("gateway", own)), stack)
        processes, prices = Processes(backends), Prices(shards.board)
        counters = Counters(shards)
        window_seconds = settings.aggregator.window_seconds
        service = GatewayService(
            backends,
            processes,
            prices,
            counters.stats,
            is_simulated=own.is_simulated,
            window_seconds=window_seconds,
        )
        health = ServiceHealth(SERVICE_NAME, ACCOUNTS, awaits=(QUOTES,))
        descriptors = DESCRIPTORS.read_bytes()
        transcoder = Transcoder(descriptors)
        limits = Limiter(METHOD_REQUESTS_PER_SECOND, METHOD_BURST)
        registry = Registry()
        accounts = await open_accounts(settings, registry, stack)
        backend = Backend(backends, processes, {SERVICE_NAME: service, ACCOUNTS: accounts.service})
        opportunities, alerts = Opportunities(backends, lambda: registry), Alerts(backends, lambda: registry)
        sockets = Sockets(
            registry,
            shards.board,
            opportunities,
            alerts,
            backends,
            processes.known,
            transcoder,
            counters,
            accounts.web.check,
            own.is_simulated,
            own.sockets_of_user,
        )
        lanes = QuoteLanes(shards.board, lambda: registry)
        states = States(
            lambda: registry,
            lambda: processes.healths,
            lambda: service.GetSummary(GetSummaryRequest()),
            prices.newest_ns,
            lambda: shards.lost,
        )
        access = accounts.web
        rest = Rest(
            transcoder, backend.call, Cache(), limits, accounts.audit, access.prepare, access.finish, prices.venues
        )
        acknowledging = Acknowledging(backends, accounts.audit)
        openapi = document(transcoder, descriptors)
        web = Web(rest, _pages(own), openapi, health, accounts.sign_on, acknowledging)
        front = _front(settings, access.authenticate, accounts.quotas.take, web.answer, sockets.serve)
        stack.enter_context(start_metrics(settings.host, own.metrics_port, GatewayCollector(counters)))
        await stack.enter_async_context(
            grpc_server(
                settings.host,
                own.port,
                lambda server: _register(server, service, accounts),
                health,
                reload=lifetime.reload,
                access=AccessCheck(lambda: accounts.keeper.ring, accounts.anybody.role),
            )
        )
        pages = await stack.enter_async_context(web_server(front, settings.host, own.http_port, _tls(own)))

        async def tell() -> None:
            lost = shards.lost
            await health.tell(QUOTES, f"no stream from {', '.join(lost)}" if lost else "")

        lifetime.on_hangup(lambda: read_shards("gateway", own), shards.choose, "shards")
        if pages.has_tls:
            lifetime.on_hangup(lambda: None, lambda _: pages.reload(), "certificate")
        async with keeping(Keeper(health.tell)) as keep:
            keep("clock", clock.keep_beating)
            keep("shards", lambda: shards.run(tell))
            keep("processes", processes.run)
            keep("accounts", accounts.keeper.run)
            keep("quotas", accounts.quotas.run)
            keep("opportunities", opportunities.run)
            keep("alerts", alerts.run)
            keep("quotes", lanes.run)
            keep("states", states.run)
            await lifetime.stopping.wait()
            registry.end_all()


def _targets(own: GatewaySettings, shards: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        "tracker": own.tracker_targets,
        "aggregator": list(shards.values()),
        "arbitrage": own.arbitrage_targets,
        "alerts": own.alerts_targets,
    }


def _register(server: grpc.aio.Server, service: GatewayService, accounts: Accounts) -> None:
    add_GatewayServiceServicer_to_server(service, server)
    add_AccountServiceServicer_to_server(OverGrpc(accounts.service, ACCOUNTS, accounts.audit), server)  # type: ignore[arg-type]


def _pages(own: GatewaySettings) -> StaticFiles:
    try:
        return StaticFiles(own.static_dir)
    except OSError as error:
        raise SettingsError(f"setting gateway.static_dir: {error}") from None


def _tls(own: GatewaySettings) -> tuple[Path, Path] | None:
    if own.certificate_file is None and own.key_file is None:
        return None
    if own.certificate_file is None or own.key_file is None:
        raise SettingsError("settings gateway.certificate_file and gateway.key_file: set both or none")
    return own.certificate_file, own.key_file


def _front(settings: Settings, authenticate: Authenticate, count: Count, answer: Answer, serve: Serve) -> Front:
    own = settings.gateway
    try:
        proxies = Proxies(own.trusted_proxies)
    except ValueError as error:
        raise SettingsError(f"setting gateway.trusted_proxies: {error}") from None
    hosts = Hosts(settings.host, own.allowed_hosts, own.allowed_origins)
    limits = Limiter(own.requests_per_second, own.requests_burst)
    return Front(hosts, proxies, limits, authenticate, count, answer, serve)
