"""The table of faults: what breaks, for how long, and who must say NOT_SERVING meanwhile, logging which event.

A group is one run of the system: its faults come one after the other, and everything is checked at its end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import combinations
from operator import attrgetter
from types import MappingProxyType

from tests.faults import inflict
from tests.faults.inflict import Inflict, LinkOf
from tests.faults.rig import REPLICA, SERVICES, Wanted
from tests.support.alerts.receiver import Answer
from tests.support.servers.tcp_proxy import ANSWERS, REQUESTS, TcpProxy
from tests.support.servers.tls import Shows

NO_AGGREGATOR = {"arbitrage": "aggregator_lost"}
NO_ARBITRAGE = {"alerts": "not_serving"}
NO_POSTGRES = {"aggregator": "not_serving", "alerts": "not_serving"}
NO_REDIS = {"alerts": "not_serving"}
NO_COMMIT = {"aggregator": "window_not_committed"}
NO_INGEST = {"tracker-1": "uplink_closed", "tracker-2": "uplink_closed"}
TRIED_AGAIN = {"alerts": "delivery_retried"}
PAUSED = {"alerts": "destination_paused"}
GIVEN_UP = {"alerts": "delivery_given_up"}
NO_WINDOWS = {"aggregator": "not_serving"}
TOO_MANY = Answer(429, {"retry-after": "5"})
KILLABLE = SERVICES[1:]  # of the two trackers one is never disturbed: its venues must not notice


@dataclass(frozen=True)
class Fault:
    """One row. `tells`: service to the event with which it explains that it cannot work; `logs` without NOT_SERVING."""

    name: str
    inflict: Inflict
    hold_seconds: float = 0.0
    tells: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    kills: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    rest_seconds: float = 0.0  # before it: what a fault costs of a venue's limits has to come back


class Oracle(Enum):
    """Who says what windows must be in the tables."""

    RECORDINGS = "what the trackers recorded, to the bit"
    LEDGER = "what the simulator sent, whatever became of trackers and their recordings"
    ORDER = "nobody: there is one row for each window, no more and no less"


@dataclass(frozen=True)
class Group:
    """Faults that one run of the system goes through."""

    name: str
    faults: tuple[Fault, ...]
    wanted: Wanted = field(default_factory=Wanted)
    oracle: Oracle = Oracle.RECORDINGS
    lacks: str = ""  # why this machine cannot run it


def _kill(*names: str) -> Fault:
    tells = {**(NO_AGGREGATOR if "aggregator" in names else {}), **(NO_ARBITRAGE if "arbitrage" in names else {})}
    tells = {name: event for name, event in tells.items() if name not in names}
    return Fault(f"kill -9 {' + '.join(names)}", inflict.killed(*names), tells=tells, kills=names)


def _slow(seconds: float) -> Callable[[TcpProxy], None]:
    """Either way."""
    return lambda link: setattr(link, "latency_seconds", seconds)


def _spoil(
    name: str, link_of: LinkOf, seconds: float, tells: Mapping[str, str], logs: Mapping[str, str] = MappingProxyType({})
) -> tuple[Fault, ...]:
    """Everything that can happen to one connection."""

    def hold(link: TcpProxy) -> None:
        link.is_holding = True

    def swallow(direction: str) -> Inflict:
        return inflict.link(link_of, lambda link: setattr(link, "swallows", direction))

    return (
        Fault(f"{name}: latency 300 ms", inflict.link(link_of, _slow(0.3)), 5.0),
        Fault(f"{name}: cut at random", inflict.flapping(link_of), 5.0),
        Fault(f"{name}: refused", inflict.refused(link_of), 5.0, tells, logs),
        Fault(f"{name}: half-open, requests lost", swallow(REQUESTS), seconds, tells, logs),
        Fault(f"{name}: half-open, answers lost", swallow(ANSWERS), seconds, tells, logs),
        Fault(f"{name}: black hole", inflict.link(link_of, hold), seconds, tells, logs),
    )


_refuse_ingest = Fault(
    "trackers to aggregator: refused, buffers too small",
    inflict.refused(attrgetter("links.ingest")),
    hold_seconds=20.0,
    logs=NO_INGEST,
)

GROUPS = (
    Group("kill", (*(_kill(name) for name in KILLABLE),)),
    Group("pairs", (*(_kill(*pair) for pair in combinations(KILLABLE, 2)),)),
    Group(
        "freeze",
        (
            Fault("SIGSTOP tracker-2 30 s", inflict.frozen("tracker-2"), 30.0, freezes=("tracker-2",)),
            Fault("SIGSTOP aggregator 30 s", inflict.frozen("aggregator"), 30.0, NO_AGGREGATOR),
            Fault("SIGSTOP arbitrage 30 s", inflict.frozen("arbitrage"), 30.0, NO_ARBITRAGE),
            Fault("SIGSTOP alerts 30 s", inflict.frozen("alerts"), 30.0),
        ),
    ),
    Group(
        "postgres",
        (
            Fault("Postgres stopped 30 s", inflict.postgres_stopped, 30.0, NO_POSTGRES),
            Fault("Postgres restarted", inflict.postgres_stopped),
            Fault("Postgres kill -9, back after 8 s", inflict.postgres_killed, 8.0, NO_POSTGRES),
            Fault("Postgres terminates backends in COPY", inflict.postgres_terminates_copies, 1.0, logs=NO_COMMIT),
            Fault("Postgres terminates every connection", inflict.postgres_terminates_all, 8.0, logs=NO_COMMIT),
            Fault("Postgres takes no writes", inflict.postgres_read_only, 15.0, NO_POSTGRES),
            *_spoil("to Postgres", attrgetter("links.postgres"), 12.0, NO_POSTGRES),
        ),
    ),
    Group(
        "disk", (Fault("Postgres' disk full", inflict.disk_full, 20.0, NO_WINDOWS),), wanted=Wanted(has_small_disk=True)
    ),
    Group(
        "redis",
        (
            Fault("Redis stopped", inflict.redis_stopped, 8.0, NO_REDIS),
            Fault("Redis restarted empty", inflict.redis_emptied, 3.0, NO_REDIS),
            Fault("Redis slow, 1.5 s an answer", inflict.link(attrgetter("links.redis"), _slow(0.75)), 8.0),
            Fault("Redis too slow, 3 s an answer", inflict.link(attrgetter("links.redis"), _slow(1.5)), 12.0, NO_REDIS),
            *_spoil("to Redis", attrgetter("links.redis"), 8.0, NO_REDIS),
        ),
    ),
    Group(
        "network",
        (
            *_spoil("trackers to aggregator", attrgetter("links.ingest"), 12.0, {}, NO_INGEST),
            *_spoil("arbitrage to aggregator", attrgetter("links.quotes"), 12.0, NO_AGGREGATOR),
            *_spoil("alerts to arbitrage", attrgetter("links.events"), 12.0, NO_ARBITRAGE),
        ),
    ),
    Group(
        "webhook",
        (
            Fault("receiver: 500", inflict.hook_answers(Answer(500)), 6.0, logs=TRIED_AGAIN),
            Fault("receiver: 429, Retry-After 5", inflict.hook_answers(TOO_MANY), 6.0, logs=PAUSED),
            Fault("receiver: slow, 3 s", inflict.hook_answers(Answer(delay_seconds=3.0)), 6.0),
            Fault("receiver: time-out", inflict.hook_answers(Answer(status=0)), 15.0, logs=TRIED_AGAIN),
            Fault("receiver: a stranger's certificate", inflict.hook_shows(Shows.STRANGER), 6.0, logs=TRIED_AGAIN),
            Fault("receiver: TLS handshake fails", inflict.hook_shows(Shows.NOTHING), 6.0, logs=TRIED_AGAIN),
            Fault("receiver: 10 MB answers", inflict.hook_answers(Answer(body=bytes(10_000_000))), 6.0),
            Fault("receiver: redirects to a private address", inflict.hook_redirects, 6.0, logs=GIVEN_UP),
            # A try fails after 10 s: one that began some seconds later must still do so within the fault.
            *_spoil("to the receiver", attrgetter("links.hook"), 15.0, {}, TRIED_AGAIN),
        ),
    ),
    Group(
        "replicas",
        (
            _kill("alerts"),
            _kill(REPLICA),
            Fault("SIGSTOP one of two alerts 30 s", inflict.frozen("alerts"), 30.0),
            Fault("Redis restarted empty, two alerts", inflict.redis_emptied, 3.0, NO_REDIS),
        ),
        wanted=Wanted(has_replica=True),
    ),
    Group("overflow", (_refuse_ingest,), wanted=Wanted(buffer_bytes=64 * 1024)),
)
