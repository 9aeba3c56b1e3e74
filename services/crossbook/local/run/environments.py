"""What each process of one machine is told: its settings as CROSSBOOK_ variables, over those given to us."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.run.ports import Endpoint, Ports
from crossbook.local.services import Service, resolve
from crossbook.plumbing.access.folder import RING

Environment = dict[str, str]
STABLECOINS = "USDC"  # so that the simulated venues' currencies convert at a live rate
_SERVER_SETTINGS = {"postgres": "CROSSBOOK_POSTGRES_DSN", "redis": "CROSSBOOK_REDIS_URL"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the run keeps things. Without a file, shards are listed in the environment."""

    truth_file: Path
    record_dir: Path | None
    shards_file: Path | None = None
    spool_dir: Path | None = None
    access_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """All that processes are told of one run. `servers` holds the addresses of Postgres and Redis, with passwords.

    acknowledge_url is what messages link to; none when it is empty.
    """

    options: UpOptions
    host: str
    ports: Ports
    places: Places
    servers: Mapping[str, str]
    acknowledge_url: str = ""


def environment_of(setup: Setup, service: Service, endpoint: Endpoint) -> Environment:
    """Of one process: where it listens, the servers that it needs and no others, and what its row says."""
    section = f"CROSSBOOK_{service.name.upper()}__"
    return {
        "CROSSBOOK_HOST": setup.host,
        f"{section}PORT": str(endpoint.port),
        **({f"{section}METRICS_PORT": str(endpoint.metrics_port)} if service.speaks == "grpc" else {}),
        **({f"{section}HTTP_PORT": str(endpoint.http_port)} if endpoint.http_port else {}),
        **{_SERVER_SETTINGS[need]: setup.servers[need] for need in service.needs},
        **_access(setup, service),
        **resolve(service.told)(setup, endpoint),
    }


def tracker(setup: Setup, endpoint: Endpoint) -> Environment:
    """Its share of the venues, dealt out in turn, and where they are."""
    trackers = setup.ports.of("tracker")
    venues = setup.options.venues[trackers.index(endpoint) :: len(trackers)]
    environment = {
        **_shards(setup, "TRACKER"),
        "CROSSBOOK_TRACKER__VENUES": ",".join(venues),
        "CROSSBOOK_TRACKER__SYMBOLS": ",".join(setup.options.symbols),
        "CROSSBOOK_TRACKER__ASSETS": ",".join(setup.options.assets),
    }
    if setup.places.spool_dir is not None:  # one for all: whichever process has a venue next sends the rest
        environment["CROSSBOOK_TRACKER__SPOOL_DIR"] = str(setup.places.spool_dir)
    if not setup.options.is_live:
        environment["CROSSBOOK_TRACKER__ENDPOINTS"] = json.dumps({venue: _simulated(setup, venue) for venue in venues})
    return environment | _recorded(setup, "tracker")


def aggregator(setup: Setup, endpoint: Endpoint) -> Environment:
    """Which shard it is."""
    return {"CROSSBOOK_AGGREGATOR__SHARD": endpoint.shard, **_windows(setup)}


def arbitrage(setup: Setup, _: Endpoint) -> Environment:
    """Where the shards are."""
    return _shards(setup, "ARBITRAGE") | _recorded(setup, "arbitrage")


def alerts(setup: Setup, _: Endpoint) -> Environment:
    """Whom it asks, and where the page is that its messages link to."""
    environment = _shards(setup, "ALERTS") | _targets(setup, "ALERTS", "tracker", "arbitrage")
    return environment | {"CROSSBOOK_ALERTS__ACKNOWLEDGE_URL": setup.acknowledge_url}


def gateway(setup: Setup, _: Endpoint) -> Environment:
    """Whom it asks, and where the secrets are that it makes."""
    environment = {
        **_shards(setup, "GATEWAY"),
        **_targets(setup, "GATEWAY", "tracker", "arbitrage", "alerts"),
        "CROSSBOOK_GATEWAY__IS_SIMULATED": "false" if setup.options.is_live else "true",
        **_windows(setup),
    }
    if setup.places.access_dir is not None:
        environment["CROSSBOOK_ACCESS__DIR"] = str(setup.places.access_dir)
    return environment


def simulator(setup: Setup, _: Endpoint) -> Environment:
    """The world, its end, and what is broken in it."""
    options = setup.options
    environment = {
        "CROSSBOOK_SIMULATOR__SEED": str(options.seed),
        "CROSSBOOK_SIMULATOR__VENUES": ",".join(options.venues),
        "CROSSBOOK_SIMULATOR__STABLECOINS": STABLECOINS,
        "CROSSBOOK_SIMULATOR__TRUTH_FILE": str(setup.places.truth_file),
        "CROSSBOOK_SIMULATOR__FAULTS": options.faults,
        "CROSSBOOK_SIMULATOR__SPEED": str(options.speed),
    }
    if options.duration_seconds is not None:
        environment["CROSSBOOK_SIMULATOR__DURATION_SECONDS"] = str(options.duration_seconds)
    if options.play is not None:
        environment["CROSSBOOK_SIMULATOR__PLAY"] = str(options.play.resolve())
    return environment


def _access(setup: Setup, service: Service) -> Environment:
    """Keys that callers may show: on one machine nobody has to, and what is shown is checked."""
    if setup.places.access_dir is None or service.speaks != "grpc":
        return {}
    return {"CROSSBOOK_ACCESS__RING_FILE": str(setup.places.access_dir / RING)}


def _shards(setup: Setup, section: str) -> Environment:
    if setup.places.shards_file is not None:
        return {f"CROSSBOOK_{section}__SHARDS_FILE": str(setup.places.shards_file)}
    return {f"CROSSBOOK_{section}__SHARDS": json.dumps(setup.ports.shards(setup.host))}


def _targets(setup: Setup, section: str, *names: str) -> Environment:
    return {
        f"CROSSBOOK_{section}__{name.upper()}_TARGETS": ",".join(one.target(setup.host) for one in setup.ports.of(name))
        for name in names
    }


def _windows(setup: Setup) -> Environment:
    seconds = setup.options.window_seconds
    return {} if seconds is None else {"CROSSBOOK_AGGREGATOR__WINDOW_SECONDS": str(seconds)}


def _recorded(setup: Setup, name: str) -> Environment:
    if setup.places.record_dir is None:
        return {}
    return {f"CROSSBOOK_{name.upper()}__RECORD_DIR": str(setup.places.record_dir / name)}


def _simulated(setup: Setup, venue: str) -> dict[str, str]:
    address = f"{setup.ports.one('simulator').target(setup.host)}/{venue}"
    return {"websocket_url": f"ws://{address}", "rest_url": f"http://{address}"}
