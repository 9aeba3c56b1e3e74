"""What `crossbook doctor` looks at; each finding says that it is well, or what to do."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import httpx

from crossbook.local.options import UpOptions
from crossbook.local.processes.probes import Probe, answers_grpc
from crossbook.local.run.ports import Endpoint, check_ports, choose_ports
from crossbook.local.servers.postgres import find_binaries
from crossbook.local.servers.redis import find_server
from crossbook.local.services import SERVICES, service_named
from crossbook.plumbing.access.party import take_part
from crossbook.plumbing.data.postgres import connect
from crossbook.plumbing.data.redis import open_redis
from crossbook.plumbing.errors import CrossbookError, SettingsError
from crossbook.plumbing.exposure import check_exposure
from crossbook.plumbing.settings import Settings, load_settings
from crossbook.plumbing.shards import read_shards

# Those whose newer or older releases are known to break something; see pyproject.toml.
_PINNED = {"grpcio": "1.82.3", "protobuf": "7.36.2", "psycopg": "3.3.9"}
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    subject: str
    is_ok: bool
    detail: str


def examine() -> Iterator[Finding]:
    """Every check, in the order in which it makes sense to mend."""
    yield Finding("python", sys.version_info >= (3, 11), f"{sys.version.split()[0]} (3.11 or newer is needed)")
    yield _finding("extension", _extension)
    for package, wanted in _PINNED.items():
        yield _version(package, wanted)
    try:
        settings = load_settings()
        take_part(settings)
    except CrossbookError as error:
        yield Finding("settings", False, str(error))
        return
    yield Finding("settings", True, "every CROSSBOOK_ variable is understood")
    yield _finding("host", lambda: _host(settings))
    yield _finding("shards", lambda: _shards(settings))
    for endpoint in choose_ports(settings, UpOptions(tracker_processes=1)).endpoints:
        yield _finding(
            f"port {endpoint.port}",
            lambda endpoint=endpoint: _port(settings, endpoint),  # type: ignore[misc]
        )
    needed = {need for service in SERVICES for need in service.needs}
    for need, check in _SERVERS.items():
        if need in needed:
            yield _finding(need, lambda check=check: check(settings))  # type: ignore[misc]


def _finding(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, check())
    except CrossbookError as error:
        return Finding(subject, False, str(error))
    except Exception as error:
        return Finding(subject, False, f"{type(error).__name__}: {error}".splitlines()[0])


def _extension() -> str:
    from crossbook import _core

    return f"{len(_core.venue_profiles())} venues"


def _version(package: str, wanted: str) -> Finding:
    try:
        found = version(package)
    except PackageNotFoundError:
        return Finding(package, False, f"is not installed: install {package}=={wanted}")
    return Finding(package, found == wanted, found if found == wanted else f"{found}: install {package}=={wanted}")


def _port(settings: Settings, endpoint: Endpoint) -> str:
    try:
        check_ports(settings.host, [endpoint])
    except SettingsError:
        if _is_served(settings.host, endpoint):
            return f"{endpoint.name} answers: Crossbook is running"
        raise
    return f"free for {endpoint.name}"


def _is_served(host: str, endpoint: Endpoint) -> bool:
    """Whether what listens there is what should."""
    if service_named(endpoint.service).speaks == "grpc":
        return asyncio.run(_asked(answers_grpc(endpoint.target(host))))
    try:
        answer = httpx.get(f"http://{endpoint.target(host)}/control/state", timeout=_PATIENCE_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success


async def _asked(probe: Probe) -> bool:
    return await probe()


def _host(settings: Settings) -> str:
    check_exposure(settings)
    return f"{settings.host}{', open to other machines as was said' if settings.allow_open else ''}"


def _shards(settings: Settings) -> str:
    """What a tracker sends to a shard that arbitrage does not follow would be found by nobody."""
    listed = {section: read_shards(section, getattr(settings, section)) for section in ("tracker", "arbitrage")}
    if listed["tracker"] != listed["arbitrage"]:
        both = "; ".join(f"{section} lists {_named(shards)}" for section, shards in listed.items())
        raise SettingsError(f"{both}: give both the same shards or shards_file")
    return _named(listed["tracker"])


def _named(shards: Mapping[str, str]) -> str:
    return ", ".join(f"{shard} at {target}" for shard, target in sorted(shards.items()))


def _postgres(settings: Settings) -> str:
    if settings.postgres_dsn is None:
        return f"embedded, from {find_binaries()}"
    dsn = settings.postgres_dsn.get_secret_value()

    async def ask() -> str:
        async with asyncio.timeout(_PATIENCE_SECONDS), await connect(dsn) as connection:
            row = await (await connection.execute("SHOW server_version")).fetchone()
            return f"version {row[0]} answers" if row else "answers"

    return asyncio.run(ask())


def _redis(settings: Settings) -> str:
    if settings.redis_url is None:
        return f"embedded, from {find_server()}"
    url = settings.redis_url.get_secret_value()

    async def ask() -> str:
        client = open_redis(url)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await client.ping()
        finally:
            await client.aclose()
        return "answers"

    return asyncio.run(ask())


_SERVERS = {"postgres": _postgres, "redis": _redis}
