"""The stream of opportunities, followed at real servers: what is handed on, and what becomes of a stream that ends."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation import watcher as module
from crossbook.alerts.evaluation.evaluation import Evaluation
from crossbook.alerts.evaluation.replicas import open_replicas
from crossbook.alerts.evaluation.watcher import OpportunityWatcher
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2_grpc
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.follow import Link
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.retry import without_waits
from tests.support.alerts.stand_in_arbitrage import OPENED, SERVICE_NAME, event, opportunity
from tests.support.waiting import eventually

CAUGHT_UP = pb.WatchOpportunitiesResponse(is_caught_up=True)
END = None


def told(*causes: str, dropped: int = 0) -> pb.WatchOpportunitiesResponse:
    """One message with an opening each."""
    return pb.WatchOpportunitiesResponse(
        events=[event(OPENED, opportunity(cause)) for cause in causes], dropped_events=dropped
    )


class Scripted(arbitrage_pb2_grpc.ArbitrageServiceServicer):
    """Plays a script to each stream in turn: messages, an error, or its end; then it is silent."""

    def __init__(self, *scripts: list[Any]) -> None:
        self.scripts = list(scripts)
        self.health = ServiceHealth(SERVICE_NAME, awaits=("quotes",))
        self.tokens: list[str] = []
        self.watchers = 0
        self.target = ""

    async def WatchOpportunities(
        self, request: pb.WatchOpportunitiesRequest, context: Any
    ) -> AsyncIterator[pb.WatchOpportunitiesResponse]:
        await context.send_initial_metadata(())
        self.tokens.append(request.resume_token)
        self.watchers += 1
        try:
            for step in self.scripts.pop(0) if self.scripts else []:
                if step is END:
                    return
                if isinstance(step, Exception):
                    raise step
                yield step
            await asyncio.Event().wait()
        finally:
            self.watchers -= 1


class Noted:
    """In the evaluation's place: what it was told, and how often it was asked for how long there may be quiet."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.token = "t-1"
        self.due_seconds = math.inf
        self.on_quiet_once: Any = None

    async def begin(self) -> None:
        self.calls.append("begin")

    def restart(self) -> str:
        self.calls.append("restart")
        return self.token

    def forget_token(self) -> None:
        self.token = ""

    async def on_event(self, event: pb.OpportunityEvent) -> None:
        self.calls.append(event.opportunity.id)

    async def on_caught_up(self) -> None:
        self.calls.append("caught up")

    async def on_quiet(self) -> None:
        self.calls.append("quiet")
        act, self.on_quiet_once = self.on_quiet_once, None
        if act is not None:
            act()

    def seconds_to_due(self) -> float:
        self.calls.append("due?")
        return self.due_seconds

    def after(self, call: str) -> list[str]:
        return self.calls[self.calls.index(call) + 1 :] if call in self.calls else []

    @property
    def handed_on(self) -> list[str]:
        return [call for call in self.calls if call not in ("due?", "quiet")]


class Following:
    """A watcher at work, and all that it touches."""

    def __init__(self, servers: tuple[Scripted, ...]) -> None:
        self.servers = servers
        self.counters = Counters()
        self.evaluation = Noted()

    @property
    def tokens(self) -> list[list[str]]:
        """That streams were to resume from, by server."""
        return [server.tokens for server in self.servers]


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither between two streams nor until it is quiet."""
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.02)
    with without_waits():
        yield


@asynccontextmanager
async def _serving(servers: tuple[Scripted, ...]) -> AsyncIterator[None]:
    if not servers:
        yield
        return
    first, *rest = servers
    add = arbitrage_pb2_grpc.add_ArbitrageServiceServicer_to_server
    async with grpc_server("127.0.0.1", 0, lambda server: add(first, server), first.health) as one:
        first.target = f"127.0.0.1:{one.port}"
        async with _serving(tuple(rest)):
            yield


@asynccontextmanager
async def following(*servers: Scripted, due_seconds: float = math.inf) -> AsyncIterator[Following]:
    """Until the end of the block."""
    found = Following(servers)
    found.evaluation.due_seconds = due_seconds
    async with _serving(servers), open_replicas([server.target for server in servers]) as replicas:
        watcher = OpportunityWatcher(replicas, cast(Evaluation, found.evaluation), found.counters)
        task = asyncio.create_task(watcher.run())
        try:
            yield found
        finally:
            task.cancel()
            await asyncio.wait((task,))


async def test_what_comes_is_handed_on_in_its_order() -> None:
    """The rules are read first, and that the stream has caught up is told between what was missed and what is new."""
    async with following(Scripted([told("a", "b"), CAUGHT_UP, told("c")])) as found:
        await eventually(lambda: "c" in found.evaluation.calls)
        assert found.evaluation.handed_on == ["begin", "restart", "a", "b", "caught up", "c"]
        assert found.tokens == [["t-1"]]


async def test_while_a_stream_is_open_the_counters_say_so() -> None:
    """With whom; a watcher that ends leaves no stream behind."""
    server = Scripted()
    async with following(server) as found:
        await eventually(lambda: found.counters.is_connected)
        assert found.counters.arbitrage_target == server.target
    assert not found.counters.is_connected
    await eventually(lambda: server.watchers == 0)


@pytest.mark.parametrize("due_seconds", [math.inf, -5.0])
async def test_where_nothing_comes_the_wall_clock_decides(due_seconds: float) -> None:
    """Again and again, however far away or overdue the next wait is; the read goes on in the same stream."""
    async with following(Scripted(), due_seconds=due_seconds) as found:
        await eventually(lambda: found.evaluation.calls.count("quiet") > 2)
        assert found.evaluation.calls.count("restart") == 1


async def test_who_slept_has_heard_nothing_and_so_it_was_not_quiet() -> None:
    """What lies in the socket was not read yet: the time to wait begins again."""
    async with following(Scripted()) as found:

        def sleep() -> None:
            found.evaluation.calls.append("slept")
            time.sleep(3 * module.OVERSLEPT_SECONDS)

        await eventually(lambda: found.counters.is_connected)
        found.evaluation.on_quiet_once = lambda: asyncio.get_running_loop().call_soon(sleep)
        await eventually(lambda: "quiet" in found.evaluation.after("slept"))
        assert found.evaluation.after("slept")[0] == "due?"


async def test_where_events_were_dropped_the_stream_is_resumed_before_them() -> None:
    """What came with them is not taken; nobody is at fault, so that the same replica is asked."""
    servers = Scripted([told("a"), told("d", dropped=3)], [told("b")]), Scripted()
    with capture_logs() as logs:
        async with following(*servers) as found:
            await eventually(lambda: "b" in found.evaluation.calls)
            assert found.evaluation.handed_on == ["begin", "restart", "a", "restart", "b"]
            assert found.tokens == [["t-1", "t-1"], []]
    lost = [entry["reason"] for entry in logs if entry["event"] == "arbitrage_lost"]
    assert lost == ["arbitrage dropped 3 events; resuming before them"]


async def test_a_token_that_is_not_taken_is_forgotten() -> None:
    """The same replica tells then all that is open."""
    servers = Scripted([InvalidRequestError([])]), Scripted()
    async with following(*servers) as found:
        await eventually(lambda: len(servers[0].tokens) == 2)
        assert found.tokens == [["t-1", ""], []]


async def test_one_that_is_lost_is_left_for_the_next() -> None:
    """Whether it ended the stream or broke; the next resumes from the same token."""
    servers = Scripted([told("a"), END]), Scripted([told("b"), RuntimeError("broke")]), Scripted([told("c")])
    async with following(*servers) as found:
        await eventually(lambda: "c" in found.evaluation.calls)
        assert found.tokens == [["t-1"]] * 3
        assert found.counters.arbitrage_target == servers[2].target


async def test_there_is_no_pause_before_each_had_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert need not wait where another replica is well; where none is, nobody is asked in a hurry."""
    servers = Scripted([END], [END], [END]), Scripted([END], [END])
    paused_after: list[int] = []

    class Noting(Link):
        async def pause(self) -> None:
            paused_after.append(sum(len(server.tokens) for server in servers))

    monkeypatch.setattr(module, "Link", Noting)
    async with following(*servers) as found:
        await eventually(lambda: found.tokens == [["t-1"] * 3, ["t-1"] * 3])
    assert paused_after == [2, 4]


async def test_one_without_quotes_is_left_for_one_that_has_some() -> None:
    """Though its stream is well."""
    idle, serving = Scripted(), Scripted([told("b")])
    with capture_logs() as logs:
        async with following(idle, serving) as found:
            await eventually(lambda: found.counters.is_connected)
            await serving.health.tell("quotes", "")
            await eventually(lambda: "b" in found.evaluation.calls)
            assert found.counters.arbitrage_target == serving.target
            await eventually(lambda: idle.watchers == 0)
    assert [entry["target"] for entry in logs if entry["event"] == "arbitrage_idle"] == [idle.target]
