"""Every service, a row each: all that the command line and a run of one machine know of a service stands in its row.

From this table are made: the commands (cli/services.py), ports and whether they are free (run/ports.py), what each
process is told (run/environments.py), the order of starting and stopping (run/launch.py), what the doctor looks at
(checkup.py), what is asked of a running system (show/observer.py), and what the view, the lines and the summary show.

A new service is its package with `app.run`, its section of the settings, its proto, and one row here. The command line
imports this file: it may import nothing that takes long, so what a service runs and looks at is named, not imported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from crossbook.local.options import UpOptions

MAIN_SHARD = "main"  # the name of an aggregator that is alone; of several, each bears a letter


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a service's command: it sets `setting`, of the option's name if empty, in the service's section."""

    name: str
    kind: type | Literal["names"]
    help: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """One number of a service's stats answer, and by which word each place shows it; empty shows it nowhere."""

    field: str
    summary: str = ""
    view: str = ""
    line: str = ""
    is_gauge: bool = False  # as it is now; else a counter, added up over restarts and over the service's processes


@dataclass(frozen=True, slots=True)
class Stats:
    """Where a service tells its numbers: `method` of `service` in the proto file `proto`; `title` heads them."""

    proto: str
    service: str
    method: str
    title: str
    counted: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One process of a service in a run: its number among them, and the shard that it is, if it is one."""

    name: str
    shard: str = ""


def _alone(service: str, _: "UpOptions") -> list[Part]:
    return [Part(service)]


def _trackers(service: str, options: "UpOptions") -> list[Part]:
    number = options.processes_for_trackers()
    return [Part(service)] if number == 1 else [Part(f"{service}-{i + 1}") for i in range(number)]


def _shards(service: str, options: "UpOptions") -> list[Part]:
    if options.shards == 1:
        return [Part(service, MAIN_SHARD)]
    letters = "abcdefghijklmnopqrstuvwxyz"[: options.shards]
    return [Part(f"{service}-{letter}", letter) for letter in letters]


@dataclass(frozen=True, slots=True)
class Service:
    """One row. `name` is also the command, the section of the settings, and what its processes' names begin with."""

    name: str
    does: str
    app: str  # module:function, called with the settings and a Lifetime
    told: str  # module:function, called with a run's Setup and the process' Endpoint: its variables beside its ports
    needs: tuple[Literal["postgres", "redis"], ...] = ()
    starts_after: tuple[str, ...] = ()
    speaks: Literal["grpc", "http"] = "grpc"
    is_simulation: bool = False  # of the venues: not there when they are real
    shows: Literal["", "tracker", "viewer", "admin"] = ""  # role of the key that it shows to those that it dials
    is_source: bool = False  # what all others wait for: a run's time counts from its start
    options: tuple[Option, ...] = (Option("port", int, "Port to listen on."),)
    parts: "Callable[[str, UpOptions], list[Part]]" = _alone
    stats: Stats | None = None
    looks: tuple[str, ...] = ()  # module:function each, called every second for what no number tells
    follows: tuple[str, ...] = ()  # the same, for streams


_NAMES = "Comma-separated; default: all."
_PORT = Option("port", int, "Port to listen on.")
_RECORD = Option("record", Path, "Record into this folder what is fed in, in order.", "record_dir")
_LOOKS = "crossbook.local.show.looks"
_TOLD = "crossbook.local.run.environments"

SERVICES: tuple[Service, ...] = (
    Service(
        "tracker",
        "Track venues: hold their sockets and books, stream quotes to the aggregator.",
        app="crossbook.tracker.app:run",
        told=f"{_TOLD}:tracker",
        starts_after=("aggregator", "arbitrage", "alerts", "simulator"),
        shows="tracker",
        is_source=True,
        options=(
            Option("venues", "names", _NAMES),
            Option("symbols", "names", _NAMES),
            Option("assets", "names", _NAMES),
            _PORT,
            _RECORD,
        ),
        parts=_trackers,
        looks=(f"{_LOOKS}:venues",),
    ),
    Service(
        "aggregator",
        "Take quotes from trackers, write windows, serve both.",
        app="crossbook.aggregator.app:run",
        told=f"{_TOLD}:aggregator",
        needs=("postgres",),
        parts=_shards,
        stats=Stats(
            "aggregator",
            "AggregatorService",
            "GetAggregatorStats",
            "windows",
            (
                Counted("snapshots_written", summary="snapshots_written", view="written", line="windows"),
                Counted("minutes_written", summary="minutes_written", view="minutes", line="minutes"),
                Counted("incomplete_snapshots", summary="incomplete"),
            ),
        ),
    ),
    Service(
        "arbitrage",
        "Find what pays between venues.",
        app="crossbook.arbitrage.app:run",
        told=f"{_TOLD}:arbitrage",
        needs=("postgres", "redis"),
        shows="viewer",
        options=(_PORT, _RECORD),
        stats=Stats(
            "arbitrage",
            "ArbitrageService",
            "GetArbitrageStats",
            "opportunities",
            (
                Counted("open_now", line="open", is_gauge=True),
                Counted("opened", summary="opened", view="found", line="opened"),
                Counted("closed", summary="closed"),
            ),
        ),
        looks=(f"{_LOOKS}:refusals", f"{_LOOKS}:opportunities"),
        follows=(f"{_LOOKS}:sightings",),
    ),
    Service(
        "alerts",
        "Keep alert rules and deliver what they find.",
        app="crossbook.alerts.app:run",
        told=f"{_TOLD}:alerts",
        needs=("postgres", "redis"),
        shows="viewer",
        stats=Stats(
            "alerts",
            "AlertService",
            "GetAlertStats",
            "alerts",
            (
                Counted("fired", summary="fired", view="fired", line="alerts"),
                Counted("suppressed", summary="suppressed"),
                Counted("delivered", summary="delivered", line="delivered"),
                Counted("failed", summary="failed"),
            ),
        ),
        looks=(f"{_LOOKS}:alerts",),
    ),
    Service(
        "simulator",
        "Play the venues on a local port, with planted episodes and faults on demand.",
        app="crossbook.simulator.app:run",
        told=f"{_TOLD}:simulator",
        speaks="http",
        is_simulation=True,
        options=(
            Option("venues", "names", _NAMES),
            Option("seed", int, "Seed of the world."),
            Option("faults", str, "What to break, for example VENUE:cut@20s."),
            Option("play", Path, "Serve this capture's frames for its venue."),
            Option("speed", float, "Pace of the play; 0 is as fast as possible."),
            Option("truth-file", Path, "Write here what was planted and broken.", "truth_file"),
            _PORT,
        ),
    ),
    Service(
        "gateway",
        "Serve pages, REST and WebSocket, and keep accounts.",
        app="crossbook.gateway.app:run",
        told=f"{_TOLD}:gateway",
        needs=("postgres", "redis"),
        starts_after=("aggregator", "arbitrage", "alerts"),
        shows="admin",  # it has checked whoever it asks for, whatever their role
        options=(_PORT, Option("http-port", int, "Port of pages, REST and WebSocket.", "http_port")),
    ),
)


def service_named(name: str) -> Service:
    """The service of a process, by the process' name or its own."""
    kind = name.partition("-")[0]
    return next(service for service in SERVICES if service.name == kind)


def services_of(*, is_live: bool) -> list[Service]:
    """Those of a run, in the order of the table."""
    return [service for service in SERVICES if not (is_live and service.is_simulation)]


def waves(services: Sequence[Service]) -> list[list[Service]]:
    """In the order of starting: each wave when the one before is ready. Nobody waits for one that is not there."""
    left, started, ordered = list(services), set[str](), list[list[Service]]()
    names = {service.name for service in services}
    while left:
        wave = [one for one in left if {*one.starts_after} & names <= started]
        if not wave:
            raise ValueError(f"these start after each other: {', '.join(one.name for one in left)}")
        ordered.append(wave)
        started |= {one.name for one in wave}
        left = [one for one in left if one not in wave]
    return ordered


def resolve(reference: str) -> Any:
    """What `module:name` refers to, imported now."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
