"""What a driver does with what its feed asks, and how it ends: a feed that a test scripts, at real servers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection, serve

from crossbook._core import RestRequest
from crossbook.plumbing.retry import without_waits
from crossbook.plumbing.settings import Endpoint
from crossbook.tracker.feed.session import ClockSteppedError, Session, VenueFailedError
from crossbook.tracker.venue import driver as module
from crossbook.tracker.venue.driver import Driver
from crossbook.tracker.venue.reach import Reach
from crossbook.transport import connection as transport
from crossbook.transport.budget import Budget
from crossbook.transport.fetcher import Fetcher
from crossbook.transport.limits import Limits
from tests.support.alerts.http_answers import answer, answering
from tests.support.turned_clock import TurnedClock
from tests.support.waiting import eventually

INSTRUMENTS: Any = ["an instrument"]
ROUTE: Any = "a route"


@dataclass
class Open:
    connection: int
    url: str
    ticket: None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Close:
    connection: int


@dataclass
class Reconnect:
    connection: int
    reason: str


@dataclass
class Send:
    connection: int
    text: str


@dataclass
class Fetch:
    request_id: int
    request: RestRequest


@dataclass
class Report:
    event: str
    symbol: str
    detail: str


STEPS = (Open, Close, Reconnect, Send, Fetch, Report)  # the core's have the same fields, and only it makes them


class Scripted:
    """In a feed's or lanes' place: notes each call without the time, and does as it was told beforehand."""

    def __init__(self, calls: list[tuple[Any, ...]], quiet: tuple[str, ...]) -> None:
        self.calls = calls
        self.steps: dict[str, list[Any]] = {}  # what the next call of a name asks for
        self.errors: dict[str, BaseException] = {}
        self.quiet = quiet

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> list[Any]:
            if name not in self.quiet:
                self.calls.append((name, *arguments))
            if name in self.errors:
                raise self.errors.pop(name)
            return self.steps.pop(name, [])

        return call


class ScriptedLanes(Scripted):
    """The part of them that takes its time."""

    async def finish(self, seconds: float) -> None:
        self.calls.append(("finish", seconds))


class World:
    """A driver of connections to a WebSocket server that notes who comes and what is said."""

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self.url = url
        self.calls: list[tuple[Any, ...]] = []
        self.feed = Scripted(self.calls, ("on_timer",))
        self.lanes = ScriptedLanes(self.calls, ("flush_soon", "keep_current", "on_read"))
        self.turned = TurnedClock()
        feed, lanes, limits = self.feed, self.lanes, Limits(Budget(1000), Budget(1000))
        self.session = Session("okx", "s-1", feed, self.turned.clock)  # type: ignore[arg-type]
        reach = Reach("okx", Endpoint(), limits, fetcher)
        self.driver = Driver(self.session, reach, lanes)  # type: ignore[arg-type]
        self.stopping = asyncio.Event()
        self.heard: list[str] = []
        self.connected = 0

    async def serve(self, server: ServerConnection) -> None:
        """The venue's side."""
        self.connected += 1
        async for message in server:
            self.heard.append(str(message))

    @property
    def names(self) -> list[str]:
        return [call[0] for call in self.calls]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[None]"]:
        """Until the end of the block."""
        run = asyncio.create_task(self.driver.run(self.stopping, INSTRUMENTS))
        try:
            yield run
        finally:
            self.stopping.set()
            await asyncio.wait((run,))
            self.session.close()


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for step in STEPS:
        monkeypatch.setattr(module, step.__name__, step)
    with without_waits():
        yield


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with Fetcher("okx", Budget(1000)) as fetcher:
        worlds: list[World] = []

        async def handler(server: ServerConnection) -> None:
            await worlds[0].serve(server)

        async with serve(handler, "127.0.0.1", 0, close_timeout=0.1) as server:
            worlds.append(World(fetcher, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
            yield worlds[0]


async def test_what_the_feed_asks_of_its_connections_is_done(world: World) -> None:
    """Opened, spoken to, dropped and dialled again, closed for good; the feed hears of each."""
    world.feed.steps["track"] = [Open(1, world.url)]
    world.feed.steps["on_open"] = [Send(1, "subscribe")]
    async with world.running():
        await eventually(lambda: world.heard == ["subscribe"])
        world.feed.steps["untrack"] = [Reconnect(1, "it lies")]
        world.driver.untrack(["a"])
        await eventually(lambda: world.names.count("on_open") == 2)
        assert (world.connected, world.names.count("on_closed")) == (2, 1)
        world.feed.steps["untrack"] = [Close(1)]
        world.driver.untrack(["b"])
        await eventually(lambda: world.names.count("on_closed") == 2)
        world.feed.steps["untrack"] = [Send(1, "too late"), Reconnect(1, "too late"), Close(1)]
        world.driver.untrack(["c"])
    assert (world.connected, world.heard) == (2, ["subscribe"])


async def test_answers_and_reports_go_where_they_belong(world: World) -> None:
    """The answer to the feed, under the number of its question; the report into the log."""
    async with answering(answer(200, b"book")) as server:
        world.feed.steps["track"] = [Fetch(7, RestRequest(f"{server.url}/depth")), Report("sequence_gap", "a", "3 > 2")]
        with capture_logs() as logs:
            async with world.running():
                await eventually(lambda: "on_answer" in world.names)
    (answered,) = [call for call in world.calls if call[0] == "on_answer"]
    assert answered[1:4] == (7, 200, b"book")
    assert [(line["venue"], line["symbol"]) for line in logs if line["event"] == "sequence_gap"] == [("okx", "a")]


async def test_a_stop_closes_the_sockets_before_the_lanes_say_their_last(world: World) -> None:
    """So that the CLOSED states go out; what is left is waited for briefly, and then all ends."""
    world.feed.steps["track"] = [Open(1, world.url)]
    async with world.running() as run:
        await eventually(lambda: "on_open" in world.names)
        world.stopping.set()
        await run
    assert world.names == ["start", "track", "on_open", "on_closed", "close", "finish", "stop"]
    assert world.calls[-2] == ("finish", module.DRAIN_SECONDS)


async def test_a_move_that_an_earlier_session_did_not_live_to_see_comes_first(world: World) -> None:
    """Before anything is tracked."""
    run = asyncio.create_task(world.driver.run(world.stopping, INSTRUMENTS, ROUTE))
    await eventually(lambda: "track" in world.names)
    world.stopping.set()
    await run
    assert world.calls[1] == ("route", ROUTE)
    assert world.names[:3] == ["start", "route", "track"]


@pytest.mark.parametrize("method", ["track", "on_timer"])
async def test_a_feed_that_raises_ends_the_run_and_is_told_nothing_more(world: World, method: str) -> None:
    """Its lanes are stopped as they are; even a panic, which is no Exception, comes out as the venue's failure."""
    world.feed.errors[method] = BaseException("the core is confused")
    async with world.running() as run:
        with pytest.raises(VenueFailedError, match="the core is confused"):
            await run
    assert world.names == ["start", "track", "stop"]


async def test_a_feed_that_raises_at_a_request_says_so_to_who_asked(world: World) -> None:
    """And the run ends of it, too."""
    async with world.running() as run:
        await eventually(lambda: "track" in world.names)
        world.feed.errors["untrack"] = ValueError("no")
        with pytest.raises(VenueFailedError, match="ValueError: no"):
            world.driver.untrack(["a"])
        with pytest.raises(VenueFailedError):
            await run


async def test_a_clock_that_was_set_ends_the_run_after_the_lanes_have_said_their_last(world: World) -> None:
    """The feed is well: what it said until then stands."""
    async with world.running() as run:
        await eventually(lambda: "track" in world.names)
        world.turned.set(60)
        with pytest.raises(ClockSteppedError):
            await run
    assert world.names[-3:] == ["close", "finish", "stop"]


async def test_after_a_hole_the_feed_is_told_and_the_venue_asked_for_a_sign_of_life(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the sockets hold is old until it answers."""
    proved: list[object] = []
    monkeypatch.setattr(transport.Connection, "prove", lambda connection: proved.append(connection))
    world.feed.steps["track"] = [Open(1, world.url)]
    async with world.running():
        await eventually(lambda: "on_open" in world.names)
        world.turned.stop(30)
        await eventually(lambda: "on_hole" in world.names and proved)


async def test_quotes_that_a_shard_has_lost_are_told_again(world: World) -> None:
    """By the feed, for that shard."""
    async with world.running():
        await eventually(lambda: "track" in world.names)
        world.session.on_quotes_missing("east")
        assert [call[1] for call in world.calls if call[0] == "requote"] == ["east"]


async def test_time_is_told_again_and_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the feed, and to the lanes behind it."""
    monkeypatch.setattr(module, "TIMER_SECONDS", 0.01)
    world.feed.quiet = world.lanes.quiet = ()
    async with world.running():
        await eventually(lambda: min(world.names.count("on_timer"), world.names.count("keep_current")) > 2)


async def test_what_is_wrong_with_a_socket_is_told_until_it_is_open(world: World, free_port: int) -> None:
    """One word for all of them."""
    world.feed.steps["track"] = [Open(1, f"ws://127.0.0.1:{free_port}/")]
    async with world.running():
        await eventually(lambda: "Connect call failed" in world.driver.last_error)
        world.feed.steps["untrack"] = [Close(1)]
        world.driver.untrack(["a"])
        assert world.driver.last_error == ""


async def test_messages_beyond_the_limit_are_counted_also_of_connections_that_are_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cost its connection."""
    monkeypatch.setattr(transport, "MAX_MESSAGE_BYTES", 100)

    async def serve_too_much(server: ServerConnection) -> None:
        await World.serve(world, server) if world.connected else await server.send("x" * 1000)
        world.connected += 1
        await server.wait_closed()

    monkeypatch.setattr(world, "serve", serve_too_much)
    world.feed.steps["track"] = [Open(1, world.url)]
    async with world.running():
        await eventually(lambda: world.driver.oversize_messages == 1)
        world.feed.steps["untrack"] = [Close(1)]
        world.driver.untrack(["a"])
        assert world.driver.oversize_messages == 1
