"""Processes of arbitrage and of alerts within this one: what app.py makes of the services' classes, without sockets.

A killed one can do nothing more from that moment on: its servers raise whatever it asks in its last breath. Watchers
reach arbitrage through a stand-in of a gRPC channel; what it carries is what the service would send.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from contextvars import Context, copy_context
from typing import Any, Protocol, cast

import grpc
from grpc_health.v1 import health_pb2

from crossbook.alerts.app import LEASE_GROUP
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Limited, Outcome, Retry
from crossbook.alerts.closings import Closings
from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.evaluation import Evaluation
from crossbook.alerts.evaluation.owned_slots import SLOTS, OwnedSlots
from crossbook.alerts.evaluation.ownership import Ownership
from crossbook.alerts.evaluation.replicas import ArbitrageReplicas, Replica
from crossbook.alerts.evaluation.watcher import OpportunityWatcher
from crossbook.alerts.firing import Firing, FiringLine
from crossbook.alerts.groups.lost_closings import LostClosings
from crossbook.alerts.groups.rounds import GroupRounds
from crossbook.alerts.holding.hold_back import holding_back
from crossbook.alerts.outbox import Outbox
from crossbook.alerts.records import Tries
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store.stores import stores_on
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.tuning import scanner_arguments
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.data.leases import SlotLeases
from crossbook.plumbing.errors import InvalidRequestError, UnavailableError
from crossbook.plumbing.settings import ArbitrageSettings
from crossbook.plumbing.tasks import Keeper
from tests.histories.inprocess.history import ARBITRAGE
from tests.histories.inprocess.loop import PROCESS, Pausable, VirtualLoop
from tests.histories.inprocess.servers import LIMITS, LOSES, RECEIVER, REFUSES, Servers
from tests.support.arbitrage.told_events import taken, watching_all
from tests.support.arbitrage.watching import WatchedScan, watch

TIMER_SECONDS = 0.25
BEAT_SECONDS = 0.9
CLAIM_LEASE_SECONDS, DELIVERY_LEASE_SECONDS = 10.0, 30.0
LIMITED_SECONDS = 1.0
ROOM = 8  # messages on their way to a watcher
ARGUMENTS = scanner_arguments(ArbitrageSettings(min_life_ms=0, max_age_seconds=86_400, max_skew_seconds=2))


class World(Protocol):
    """What a process lives in."""

    loop: VirtualLoop
    servers: Servers
    lives: dict[str, "Life"]
    accepted: list[tuple[str, str]]
    told: list[tuple[str, str, int]]
    findings: list[str]

    def clock_of(self, name: str) -> Clock:
        """As its machine has it."""

    def latency(self, name: str, call: int) -> float:
        """How long the call takes, in seconds."""

    def on_death(self, life: "Life", restart_after: float) -> None:
        """It has killed itself."""

    def next_number(self) -> int:
        """That no life has had: names decide who has which slots."""

    def note(self, event: arbitrage_pb2.OpportunityEvent, life: "ArbitrageLife") -> None:
        """What an arbitrage says, in the moment in which it does."""

    def caught_up(self, life: "ArbitrageLife", hearer: "AlertsLife") -> None:
        """It has heard all that this arbitrage has said."""

    def gained(self, hearer: "AlertsLife") -> None:
        """It evaluates more than before."""

    async def begin_stream(self, hearer: "AlertsLife") -> None:
        """Somebody begins to hear what is in the log now."""

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Somebody else's task, which a process does not wait for."""

    def feed(self, life: "ArbitrageLife") -> None:
        """Its quotes, as they are."""


class Life(Pausable):
    """One life of a process; a Caller of servers."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__()
        self.world, self.name = world, name
        self.clock = world.clock_of(name)
        self.is_dead = self.is_ending = False
        self.dies_at: tuple[str, int, float] | None = None  # before or after, which call, and when it comes back
        self._context = copy_context()
        self._context.run(PROCESS.set, self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls = 0

    async def _beat(self) -> None:
        while True:
            self.clock.beat()
            await asyncio.sleep(BEAT_SECONDS)

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A task of this process."""
        task = self.world.loop.create_task(work, context=self._context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard, context=Context())  # whoever asked for it may be paused
        return task

    def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """As the services keep their workers."""
        self.spawn(Keeper(self._tell).keep(name, run))

    async def _tell(self, part: str, reason: str) -> None:
        if reason and not self.is_dead:
            self.world.findings.append(f"{self.name}: {part} {reason}")

    def doom(self, when: str, nth: int, restart_after: float) -> None:
        """It dies at its nth call from now on."""
        self.dies_at = (when, self._calls + nth, restart_after)

    async def end(self, *, by_force: bool) -> None:
        """Dies, or is told to stop and does what it does then."""
        self.is_ending, self.is_dead = True, self.is_dead or by_force
        self.world.loop.resume(self)
        await self.world.servers.cancel(list(self._tasks))
        while self._tasks:
            await asyncio.wait(list(self._tasks))
        self.is_dead = True

    async def before(self, server: str) -> None:
        self._calls += 1
        call = self._calls
        await self._spend(call)
        await self._perhaps_die("kill_before", call)

    async def after(self, server: str) -> None:
        call = self._calls
        await self._perhaps_die("kill_after", call)
        await self._spend(-call)

    async def _spend(self, call: int) -> None:
        if self.is_dead:
            raise OSError("this process is dead")
        if latency := self.world.latency(self.name, call):
            await asyncio.sleep(latency)
            if self.is_dead:
                raise OSError("this process is dead")

    async def _perhaps_die(self, when: str, call: int) -> None:
        if self.dies_at and self.dies_at[0] == when and call >= self.dies_at[1]:
            _, _, restart_after = self.dies_at
            self.is_dead, self.dies_at = True, None
            self.world.on_death(self, restart_after)
            await asyncio.get_running_loop().create_future()


class _Noted(WatchedScan):
    """Tells the world what it tells its watchers, in the same moment."""

    def __init__(self, life: "ArbitrageLife", store: EventStore, clock: Clock) -> None:
        super().__init__(ARGUMENTS, store=store, clock=clock)
        self._life = life
        self._watching = watching_all(self.scanner)

    def on_batch(self, payload: bytes, source: int = 0) -> None:
        super().on_batch(payload, source)
        self._note()

    def on_timer(self) -> None:
        super().on_timer()
        self._note()

    def _note(self) -> None:
        for event in taken(self._watching):
            self._life.world.note(event, self._life)


class ArbitrageLife(Life):
    """The live scan with its log and its writer."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.said: set[str] = set()  # in time
        self.followers: set[Call] = set()  # who have caught up with it
        store = EventStore(world.servers.pool(self), self.clock)
        self.live = _Noted(self, store, self.clock)
        assert self.live.writer is not None
        self.spawn(self._beat())
        self.keep("event log", self.live.writer.run)
        self.keep("timer", self._tick)
        self.spawn(self._start())
        self._streams: set[asyncio.Task[None]] = set()

    def stream(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """To a watcher."""
        task = self.spawn(work)
        self._streams.add(task)
        task.add_done_callback(self._streams.discard, context=Context())
        return task

    def cut(self) -> None:
        """The ways to all watchers break."""
        self.world.begin(self.world.servers.cancel(list(self._streams)))

    async def _start(self) -> None:
        self.world.feed(self)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TIMER_SECONDS)
            self.live.on_timer()

    def take(self, payload: bytes) -> None:
        """A batch that has come."""
        self.world.loop.call_soon(self.live.on_batch, payload, context=self._context)


class AlertsLife(Life):
    """One replica, but for what only shows and deletes."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.heard: set[str] = set()
        self.to_tell: set[tuple[str, str]] = set()  # rules that it evaluates, with what it has heard
        counters, clock, redis = Counters(), self.clock, world.servers.redis(self)
        stores = stores_on(world.servers.pool(self), "", Tries(8, 86_400), clock)
        replicas, looking = self._replicas(hears=True), self._replicas(hears=False)
        self.rulebook, closings = Rulebook(stores.rules), Closings(stores.alerts)
        firing = Firing(stores.alerts, CooldownStore(redis), closings, counters, CLAIM_LEASE_SECONDS)
        line, self.slots = FiringLine(firing), OwnedSlots(self.rulebook.rules, counters)
        leases = SlotLeases(redis, LEASE_GROUP, SLOTS, f"{name}-{world.next_number()}", clock.passed_seconds)
        http = cast(HttpSender, _Post(self))
        outbox = Outbox(stores.deliveries, http, closings, counters, DELIVERY_LEASE_SECONDS, clock)
        evaluation = Evaluation(self.rulebook, stores.positions, self.slots, line, closings, clock)
        watcher = OpportunityWatcher(replicas, evaluation, counters)
        ownership = Ownership(leases, stores.positions, self.slots, line, counters, lambda: world.gained(self), clock)
        rounds = GroupRounds(stores.groups, self.rulebook, holding_back(), self.slots.latest, counters)
        lost_closings = LostClosings(stores.groups, self.slots, looking, closings, clock)
        workers: Mapping[str, Callable[[], Awaitable[None]]] = {
            "rules": self.rulebook.run,
            "opportunities": watcher.run,
            "slots": ownership.run,
            "firing": line.run,
            "deliveries": outbox.run,
            "closings": closings.run,
            "lost closings": lost_closings.run,
            "groups": rounds.run,
        }
        self.spawn(self._beat())
        for part, run in workers.items():
            self.keep(part, run)

    def _replicas(self, *, hears: bool) -> ArbitrageReplicas:
        channels = [(one, _Channel(self, one, hears=hears)) for one in ARBITRAGE]
        return ArbitrageReplicas([Replica(one, cast(grpc.aio.Channel, channel)) for one, channel in channels])


class _Post:
    """The receiver, as a sender of this process has it."""

    def __init__(self, life: Life) -> None:
        self._life = life

    async def post_json(
        self, url: str, body: str, headers: Mapping[str, str] | None = None, judge: object = None
    ) -> Outcome:
        world, mood = self._life.world, ""
        try:
            await self._life.before(RECEIVER)
            mood = world.servers.moods.get(RECEIVER, "")
            if mood == REFUSES:
                return Retry("HTTP 500", 500)
            if mood == LIMITS:
                return Limited("HTTP 429", 429, LIMITED_SECONDS)
            self._take((headers or {})["webhook-id"], json.loads(body)["data"])
            await self._life.after(RECEIVER)
        except OSError as error:
            return Retry(f"the exchange broke off ({error})")
        return Retry("no answer within 10 s") if mood == LOSES else Delivered(200)

    def _take(self, webhook_id: str, data: dict[str, Any]) -> None:
        if "group_key" in data:
            self._life.world.told.append((webhook_id, data["group_key"], data["revision"]))
        else:
            self._life.world.accepted.append((webhook_id, data["opportunity"]["id"]))


class _Channel:
    """From a replica of alerts to one arbitrage, whether it lives or not."""

    def __init__(self, client: AlertsLife, target: str, *, hears: bool) -> None:
        self._client, self._world, self._target, self._hears = client, client.world, target, hears

    def unary_unary(self, method: str, *_: object, **__: object) -> Callable[..., Awaitable[object]]:
        async def call(request: object, **_: object) -> object:
            life = self._world.lives.get(self._target)
            if life is None or life.is_dead or life.is_paused:
                raise broken(grpc.StatusCode.UNAVAILABLE, "nobody answers")
            if not method.endswith("/Check"):
                raise broken(grpc.StatusCode.UNIMPLEMENTED, method)
            assert isinstance(life, ArbitrageLife)
            is_well = not life.live.clock_problem
            status = health_pb2.HealthCheckResponse.SERVING if is_well else health_pb2.HealthCheckResponse.NOT_SERVING
            return health_pb2.HealthCheckResponse(status=status)

        return call

    def unary_stream(self, method: str, *_: object, **__: object) -> Callable[..., "Call"]:
        return lambda request, **_: Call(self._client, self._target, request, hears=self._hears)


class Call:
    """WatchOpportunities, as its client has it; it ends with the life of the server. Without `hears` it only looks."""

    def __init__(
        self, client: AlertsLife, target: str, request: arbitrage_pb2.WatchOpportunitiesRequest, *, hears: bool
    ) -> None:
        self._hears = hears
        self.client, self._world, self._target, self._request = client, client.world, target, request
        self._messages: asyncio.Queue[bytes | grpc.aio.AioRpcError] = asyncio.Queue()
        self._room = asyncio.Semaphore(ROOM)
        self._is_open = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._server: ArbitrageLife | None = None

    async def wait_for_connection(self) -> None:
        server = self._world.lives.get(self._target)
        if server is None or server.is_dead or server.is_ending:
            raise broken(grpc.StatusCode.UNAVAILABLE, "connection refused")
        assert isinstance(server, ArbitrageLife)
        self._server = server
        if self._hears:
            self._world.begin(self._world.begin_stream(self.client))
        self._pump = server.stream(self._carry(server))
        await self._is_open.wait()

    async def read(self) -> arbitrage_pb2.WatchOpportunitiesResponse:
        message = await self._messages.get()
        if isinstance(message, grpc.aio.AioRpcError):
            self._messages.put_nowait(message)
            raise message
        self._room.release()
        response = arbitrage_pb2.WatchOpportunitiesResponse.FromString(message)
        if self._hears and response.is_caught_up and self._server is not None and self._pump is not None:
            self._world.caught_up(self._server, self.client)
            if not self._pump.done():
                self._server.followers.add(self)
        return response

    def cancel(self) -> None:
        """By the client, or because the way broke."""
        if self._pump is not None and self._server is not None:
            self._server.followers.discard(self)
            self._world.begin(self._world.servers.cancel([self._pump]))

    async def _carry(self, server: ArbitrageLife) -> None:
        """A task of the server's."""
        end = broken(grpc.StatusCode.UNAVAILABLE, "the connection broke")
        self._is_open.set()
        try:
            async with aclosing(watch(server.live, self._request)) as messages:
                async for message in messages:
                    await self._room.acquire()
                    self._messages.put_nowait(message)
        except UnavailableError as error:
            end = broken(grpc.StatusCode.UNAVAILABLE, str(error))
        except InvalidRequestError as error:
            end = broken(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        finally:
            server.followers.discard(self)
            self._messages.put_nowait(end)


def broken(code: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
    """What a client gets to see."""
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, nothing, nothing, details)
