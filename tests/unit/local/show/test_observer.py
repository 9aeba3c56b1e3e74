"""What is known of a running system: asked of real servers, by a made-up row of the table of services."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from crossbook.local import services
from crossbook.local.services import SERVICES, Counted, Service, Stats
from crossbook.local.show import observer as module
from crossbook.local.show.observer import Observer, ask
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceServicer, add_AlertServiceServicer_to_server
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.retry import without_waits
from tests.support.waiting import eventually

FIRED, PENDING = Counted("fired"), Counted("pending", is_gauge=True)
SEEN: list[str] = []  # by the looks and streams of the made-up row
BROKEN: set[str] = set()  # those of them that fail


async def look(_: Observer, name: str, channel: grpc.aio.Channel) -> None:
    _pass_or_break("look")


async def other_look(_: Observer, name: str, channel: grpc.aio.Channel) -> None:
    _pass_or_break("other look")


async def follow(_: Observer, channel: grpc.aio.Channel, link: Any) -> None:
    try:
        link.opened()
        _pass_or_break("stream")
        await asyncio.Event().wait()
    finally:
        SEEN.append("stream over")


def _pass_or_break(name: str) -> None:
    SEEN.append(name)
    if name in BROKEN:
        BROKEN.remove(name)
        raise RuntimeError(f"{name} broke")


STRANGER = Service(
    "stranger",
    "Counts as alerts does.",
    app="",
    told="",
    stats=Stats("alerts", "AlertService", "GetAlertStats", "stranger", (FIRED, PENDING)),
    looks=(f"{__name__}:look", f"{__name__}:other_look"),
    follows=(f"{__name__}:follow",),
)


@pytest.fixture(autouse=True)
def with_stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One row more, nothing seen yet, no waits between a stream's lives, and after the first poll only a test's own."""
    monkeypatch.setattr(services, "SERVICES", (*SERVICES, STRANGER))
    monkeypatch.setattr(module, "POLL_SECONDS", 3600)
    SEEN.clear()
    BROKEN.clear()
    with without_waits():
        yield


class Counting(AlertServiceServicer):
    """Says these numbers, and counts how often it was asked; at each question the next of `growth` is added."""

    def __init__(self, fired: int = 0, pending: int = 0) -> None:
        self.fired = fired
        self.pending = pending
        self.growth: list[int] = []
        self.asked = 0
        self.is_away = False
        self.target = ""

    async def GetAlertStats(self, request: Any, context: Any) -> pb.GetAlertStatsResponse:
        self.asked += 1
        if self.is_away:
            raise UnavailableError("away")
        self.fired += self.growth.pop(0) if self.growth else 0
        return pb.GetAlertStatsResponse(fired=self.fired, pending=self.pending)


@asynccontextmanager
async def observing(
    *servers: Counting, restarts: dict[str, int] | None = None, names: tuple[str, ...] = ("stranger",)
) -> AsyncIterator[Observer]:
    """Running, of a process per server; each was asked once already."""
    async with _serving(list(servers)) as targets:
        observer = Observer(dict(zip(names, targets, strict=True)), lambda name: (restarts or {}).get(name, 0))
        async with observer.running():
            await eventually(lambda: len(observer.answers) == len(servers))
            yield observer


@asynccontextmanager
async def _serving(servers: list[Counting]) -> AsyncIterator[list[str]]:
    if not servers:
        yield []
        return
    first, *rest = servers
    health = ServiceHealth("crossbook.v1.AlertService")
    async with (
        grpc_server("127.0.0.1", 0, lambda server: add_AlertServiceServicer_to_server(first, server), health) as one,
        _serving(rest) as targets,
    ):
        yield [f"127.0.0.1:{one.port}", *targets]


async def test_the_processes_of_a_service_are_added_up() -> None:
    """Its counters and, as they are now, its gauges; the latest answer of each is kept."""
    async with observing(Counting(3, 5), Counting(4, 6), names=("stranger-1", "stranger-2")) as observer:
        assert (observer.totals("stranger")["fired"], observer.totals("alerts")["fired"]) == (7, 0)
        assert (observer.figure("stranger", FIRED), observer.figure("stranger", PENDING)) == (7, 11)
        assert observer.answers["stranger-2"] == pb.GetAlertStatsResponse(fired=4, pending=6)


async def test_a_process_that_was_started_again_counts_on() -> None:
    """It begins at zero, and the run does not."""
    server, restarts = Counting(3), {"stranger": 0}
    async with observing(server, restarts=restarts) as observer:
        server.fired, restarts["stranger"] = 1, 1
        await observer.poll()
        assert observer.totals("stranger")["fired"] == 4


async def test_one_that_does_not_answer_keeps_its_last_figures() -> None:
    """And the others are asked as ever."""
    away, there = Counting(3), Counting(1)
    async with observing(away, there, names=("stranger-1", "stranger-2")) as observer:
        away.is_away, there.fired = True, 2
        await observer.poll()
        assert observer.totals("stranger")["fired"] == 5


async def test_a_look_that_fails_costs_only_itself() -> None:
    """The numbers and the other look come; the log says what it died of."""
    server = Counting()
    async with observing(server) as observer:
        server.fired = 9
        SEEN.clear()
        BROKEN.add("look")
        with capture_logs() as logs:
            await observer.poll()
        assert observer.totals("stranger")["fired"] == 9
        assert SEEN == ["look", "other look"]
    assert [entry["event"] for entry in logs] == ["look_failed"]


async def test_a_stream_is_followed_again_whatever_broke_it_and_ends_with_the_run() -> None:
    """As often as it breaks; nothing of it outlives the run."""
    BROKEN.add("stream")
    async with observing(Counting()):
        await eventually(lambda: SEEN.count("stream") == 2)
        assert SEEN.count("stream over") == 1
    assert (SEEN.count("stream"), SEEN.count("stream over")) == (2, 2)


async def test_it_goes_on_asking_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as the run lasts."""
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    server = Counting()
    async with observing(server):
        await eventually(lambda: server.asked >= 3)


async def test_what_was_left_is_not_asked_any_more_and_stays_as_it_was() -> None:
    """A process on its way out would answer with half of what it is."""
    server = Counting(3)
    async with observing(server) as observer:
        observer.leave("stranger")
        asked, server.fired = server.asked, 99
        await observer.poll()
        assert (server.asked, observer.totals("stranger")["fired"]) == (asked, 3)


async def test_it_waits_until_no_number_grows_any_more() -> None:
    """Two polls that say the same are the end."""
    server = Counting(1)
    async with observing(server) as observer:
        server.growth = [5, 5, 5]
        await observer.until_still(60, 0)
        assert (observer.totals("stranger")["fired"], server.growth) == (16, [])


async def test_what_never_stands_still_is_not_waited_for_for_ever() -> None:
    """The limit counts."""
    server = Counting(1)
    async with observing(server) as observer:
        server.growth = [1] * 1000
        await observer.until_still(0, 0)
        assert len(server.growth) > 900


async def test_what_does_not_speak_grpc_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the simulator, whose port takes other words."""
    monkeypatch.setattr(services, "SERVICES", (replace(STRANGER, speaks="http"),))
    observer = Observer({"stranger": "127.0.0.1:1"}, lambda _: 0)
    async with observer.running():
        await observer.poll()
    assert SEEN == []


def test_before_the_first_answer_all_is_nothing() -> None:
    """So that a view can be drawn."""
    observer = Observer({}, lambda _: 0)
    assert observer.arbitrage == arbitrage_pb2.GetArbitrageStatsResponse()
    assert observer.alert_stats == pb.GetAlertStatsResponse()


async def test_a_question_is_made_of_names(free_port: int) -> None:
    """None where nobody answers."""
    async with _serving([Counting(3)]) as (target,), open_channel(target) as channel:
        assert (await ask(channel, "alerts", "AlertService", "GetAlertStats", {})).fired == 3
        assert await ask(channel, "alerts", "AlertService", "ListAlerts", {"page_size": 1}) is None
