"""The system under test: real processes under the real supervisor, with a TCP proxy in every connection between them.

It is what `crossbook up` starts, put together from the same parts, because `up` cannot be told to dial through proxies.
"""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import httpx

from crossbook.local.options import UpOptions
from crossbook.local.processes.addresses import free_port
from crossbook.local.processes.privileges import server_home
from crossbook.local.processes.supervisor import Supervisor
from crossbook.local.run.environments import Environment, Places, Setup, environment_of
from crossbook.local.run.launch import probe_of
from crossbook.local.run.ports import Endpoint, Ports, choose_ports
from crossbook.local.services import service_named
from crossbook.local.show.observer import Observer
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.settings import load_settings
from tests.faults import clock
from tests.faults.absence import Absences
from tests.faults.hook import Hook
from tests.support.alerts.receiver import receiving
from tests.support.local.system import VENUES
from tests.support.servers.pgbouncer import pgbouncer
from tests.support.servers.small_disk import SmallDisk, small_disk
from tests.support.servers.stoppable_postgres import StoppablePostgres, stoppable_postgres
from tests.support.servers.stoppable_redis import StoppableRedis, stoppable_redis
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.servers.tls import AUTHORITIES_FILE, TlsDoor

HOST = "127.0.0.1"
WINDOW_SECONDS = 5
TRACKERS = ("tracker-1", "tracker-2")
SERVICES = (*TRACKERS, "aggregator", "arbitrage", "alerts")
REPLICA = "alerts-2"  # only in groups that ask for it
VENUES_OF = {name: VENUES[number :: len(TRACKERS)] for number, name in enumerate(TRACKERS)}
DAY_SECONDS = "86400"  # a run may take hours, and every row of it is to be checked
COMMON = {
    "CROSSBOOK_LOG_FORMAT": "json",
    "CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS": "true",
    "CROSSBOOK_ALERTS__AUTHORITIES_FILE": str(AUTHORITIES_FILE),
    "CROSSBOOK_AGGREGATOR__SNAPSHOT_RETENTION_SECONDS": DAY_SECONDS,
    "CROSSBOOK_AGGREGATOR__MINUTE_RETENTION_SECONDS": DAY_SECONDS,
}
WORLD = {"CROSSBOOK_SIMULATOR__EPISODE_INTERVAL_SECONDS": "1.5", "CROSSBOOK_SIMULATOR__QUIET_SECONDS": "4"}
POOLER = "server_login_retry = 1"  # by default PgBouncer itself waits 15 s, as long as recovery may take


@dataclass(frozen=True)
class Wanted:
    """How a rig differs from the plain one."""

    buffer_bytes: int | None = None
    has_small_disk: bool = False  # Postgres has a file system of its own where we may mount one
    has_replica: bool = False  # a second alerts process shares the work
    has_pooler: bool = False  # services reach Postgres through PgBouncer
    has_clock: bool = False  # the services' wall clock can be set
    has_spool: bool = False  # trackers keep on disk what is not committed, as `up` has them do
    has_venue_link: bool = False  # trackers reach their venues through a proxy
    environment: Mapping[str, str] = field(default_factory=dict)  # of every service


@dataclass(frozen=True)
class Links:
    """The connections that can be spoilt."""

    ingest: TcpProxy  # trackers to aggregator
    quotes: TcpProxy  # arbitrage to aggregator
    events: TcpProxy  # alerts to arbitrage
    postgres: TcpProxy
    redis: TcpProxy
    hook: TcpProxy  # alerts to the webhook's receiver
    venues: TcpProxy  # trackers to the simulator, only where a group wants it: it carries every frame


@dataclass(frozen=True)
class Rig:
    """One running system."""

    data_dir: Path
    postgres: StoppablePostgres
    disk: SmallDisk | None  # what Postgres has to itself
    redis: StoppableRedis
    links: Links
    hook: Hook
    ports: Ports
    supervisor: Supervisor
    channels: dict[str, grpc.aio.Channel]
    observer: Observer
    dsn: str  # under which services reach Postgres
    environment: Environment  # of every service
    wanted: Wanted
    absences: Absences = field(default_factory=Absences)

    def pid(self, name: str) -> int:
        """Of the process that bears the name now."""
        return self.supervisor.processes[name].child.pid

    def log_path(self, name: str) -> Path:
        """Of all lives of the process."""
        return self.supervisor.processes[name].child.log_path

    @property
    def truth_path(self) -> Path:
        """What the simulator planted."""
        return self.data_dir / "truth.jsonl"

    @property
    def ledger_path(self) -> Path:
        """What the simulator sent."""
        return self.data_dir / "ledger.txt"

    async def stop_planting(self) -> None:
        """The simulated world stands still: everything that is open closes, nothing more opens."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"http://{self.ports.one('simulator').target(HOST)}/control/stop", timeout=10)
            assert answer.is_success


@asynccontextmanager
async def running_rig(data_dir: Path, seed: int, wanted: Wanted | None = None) -> AsyncIterator[Rig]:
    """Everything up, the hook's rule in place before anything is planted; all of it is stopped at the end."""
    wanted = wanted or Wanted()
    async with AsyncExitStack() as stack:
        disk = stack.enter_context(small_disk(server_home(data_dir / "postgres"))) if wanted.has_small_disk else None
        postgres = await stack.enter_async_context(stoppable_postgres(data_dir / "postgres"))
        redis = await stack.enter_async_context(stoppable_redis(data_dir / "redis"))
        receiver = await stack.enter_async_context(receiving(TlsDoor()))
        ports = choose_ports(load_settings(), _options(data_dir))
        services = (ports.one("aggregator").port, ports.one("aggregator").port, ports.one("arbitrage").port)
        servers = (_port(postgres.dsn), _port(redis.url), receiver.port)
        every = (*services, *servers, ports.one("simulator").port)
        links = Links(*[await stack.enter_async_context(TcpProxy(HOST, port)) for port in every])
        supervisor = await stack.enter_async_context(Supervisor(data_dir / "logs"))
        targets = {one.name: one.target(HOST) for one in ports.endpoints if one.service != "simulator"}
        channels = {name: await stack.enter_async_context(open_channel(target)) for name, target in targets.items()}
        observer = Observer(targets, lambda name: supervisor.processes[name].restarts)
        hook = Hook(receiver, f"https://{HOST}:{links.hook.port}/hook")
        dsn = _through(postgres.dsn, links.postgres)
        if wanted.has_pooler:
            dsn = await stack.enter_async_context(pgbouncer(dsn, data_dir / "pooler", more=POOLER))
        environment = {**COMMON, **wanted.environment, **(clock.environment(data_dir) if wanted.has_clock else {})}
        rig = Rig(
            data_dir,
            postgres,
            disk,
            redis,
            links,
            hook,
            ports,
            supervisor,
            channels,
            observer,
            dsn,
            environment,
            wanted,
        )
        await _start_services(rig)
        if wanted.has_replica:
            await _start_replica(rig)
        await hook.add_rule(channels["alerts"])
        async with observer.running():
            await _start_sources(rig, seed, wanted)
            yield rig


async def _start_services(rig: Rig) -> None:
    links, ports = rig.links, rig.ports
    await _start(rig, ports.one("aggregator"), _setup(rig))
    await _start(rig, ports.one("arbitrage"), _setup(rig, _redirected(ports, "aggregator", links.quotes.port)))
    await _start(rig, ports.one("alerts"), _setup(rig, _redirected(ports, "arbitrage", links.events.port)))
    await rig.supervisor.wait_ready("aggregator", "arbitrage", "alerts")


async def _start_replica(rig: Rig) -> None:
    """A second alerts process, which shares the work of the first."""
    setup = _setup(rig, _redirected(rig.ports, "arbitrage", rig.links.events.port))
    await _start(rig, Endpoint(REPLICA, "alerts", free_port()), setup)
    await rig.supervisor.wait_ready(REPLICA)


async def _start_sources(rig: Rig, seed: int, wanted: Wanted) -> None:
    world = WORLD | {"CROSSBOOK_SIMULATOR__LEDGER_FILE": str(rig.ledger_path)}
    await _start(rig, rig.ports.one("simulator"), _setup(rig, seed=seed), world)
    await rig.supervisor.wait_ready("simulator")
    ports = _redirected(rig.ports, "aggregator", rig.links.ingest.port)
    setup = _setup(rig, _redirected(ports, "simulator", rig.links.venues.port) if wanted.has_venue_link else ports)
    small = {} if wanted.buffer_bytes is None else {"CROSSBOOK_TRACKER__BUFFER_BYTES": str(wanted.buffer_bytes)}
    for endpoint in rig.ports.of("tracker"):
        await _start(rig, endpoint, setup, small)
    await rig.supervisor.wait_ready(*TRACKERS)


def _options(data_dir: Path, seed: int = 0) -> UpOptions:
    return UpOptions(
        data_dir=data_dir,
        venues=list(VENUES),
        seed=seed,
        window_seconds=WINDOW_SECONDS,
        port_base=0,
        tracker_processes=len(TRACKERS),
    )


def _setup(rig: Rig, ports: Ports | None = None, seed: int = 0) -> Setup:
    """What `up` would tell its processes, with the servers behind their proxies."""
    places = Places(
        truth_file=rig.truth_path,
        record_dir=rig.data_dir / "recordings" / "run",
        spool_dir=rig.data_dir / "spool" if rig.wanted.has_spool else None,
    )
    servers = {
        "postgres": rig.dsn,
        "redis": _through(rig.redis.url, rig.links.redis),
    }
    return Setup(_options(rig.data_dir, seed), HOST, ports or rig.ports, places, servers)


async def _start(rig: Rig, endpoint: Endpoint, setup: Setup, extra: Environment | None = None) -> None:
    service = service_named(endpoint.service)
    told = clock.without(rig.environment) if service.name == "simulator" else rig.environment
    environment = told | environment_of(setup, service, endpoint) | (extra or {})
    probe = probe_of(service, endpoint, HOST)
    await rig.supervisor.start(endpoint.name, _command(service.name), probe, environment, endpoint.addresses(HOST))


def _redirected(ports: Ports, service: str, port: int) -> Ports:
    """With a proxy in the service's place."""
    moved = (replace(one, port=port) if one.service == service else one for one in ports.endpoints)
    return Ports(tuple(moved))


def _command(service: str) -> list[str]:
    return [sys.executable, "-m", "crossbook", service]


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _through(url: str, proxy: TcpProxy) -> str:
    """The URL with the proxy's port in place of its own."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{proxy.port}").geturl()
