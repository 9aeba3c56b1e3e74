"""Every WebSocket of this process: who may have one, what each subscribes to, and how each ends."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from crossbook._core import QuoteBoard, Transcoder
from crossbook.gateway.answers.processes import Known
from crossbook.gateway.counters import Counters
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.problem import ProblemError
from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.rest.rest import may_call
from crossbook.gateway.sockets import logs
from crossbook.gateway.sockets.alerts import Alerts
from crossbook.gateway.sockets.frames import problem
from crossbook.gateway.sockets.opportunities import Opportunities
from crossbook.gateway.sockets.quotes import LANES, reader_of
from crossbook.gateway.sockets.socket import (
    FIRST_MESSAGE_SECONDS,
    MALFORMED,
    UNAUTHENTICATED,
    CloseError,
    Socket,
)
from crossbook.gateway.sockets.subscription import Subscription, hz_of
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.opportunity_filter import check_filter
from crossbook.plumbing.tasks import until_first
from crossbook.plumbing.timestamps import now_ns

BINARY, JSON = "crossbook.v1", "crossbook.v1.json"
MAX_SOCKETS, MAX_SOCKETS_OF_USER = 2_000, 20
MAX_SUBSCRIPTIONS, MAX_INSTRUMENTS, MAX_NAMES = 32, 4_096, 1_000
END_SECONDS = 1.0  # how often a token's end is looked at
GOING_AWAY = 1012
# What a subscriber must be allowed to call.
METHODS = {
    pb.CHANNEL_QUOTES: "crossbook.v1.AggregatorService/SubscribeQuoteBatches",
    pb.CHANNEL_RANK: "crossbook.v1.AggregatorService/SubscribeQuoteBatches",
    pb.CHANNEL_OPPORTUNITIES: "crossbook.v1.ArbitrageService/WatchOpportunities",
    pb.CHANNEL_ALERTS: "crossbook.v1.AlertService/WatchAlerts",
    pb.CHANNEL_HEALTH: "crossbook.v1.GatewayService/GetSummary",
    pb.CHANNEL_LOG: "crossbook.v1.ProcessService/WatchLog",
    pb.CHANNEL_SUMMARY: "crossbook.v1.GatewayService/GetSummary",
}

log = structlog.get_logger()


class RefusedError(Exception):
    """A subscription that is not begun; the socket goes on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Registry:
    """The open ones; what ticks looks here."""

    sockets: set[Socket] = field(default_factory=set)

    def __iter__(self) -> Iterator[Socket]:
        return iter(self.sockets)

    def end(self, credential: str) -> int:
        """Closes those of a session or key that is no longer good; how many there were."""
        found = [socket for socket in self.sockets if socket.asked.caller.credential == credential]
        for socket in found:
            socket.end(UNAUTHENTICATED, "revoked")
        return len(found)

    def end_all(self) -> None:
        """The process stops."""
        for socket in self.sockets:
            socket.end(GOING_AWAY, "the gateway stops")


@dataclass(frozen=True, slots=True)
class Sockets:
    """What a socket needs."""

    registry: Registry
    board: QuoteBoard
    opportunities: Opportunities
    alerts: Alerts
    backends: Backends
    known: Sequence[Known]
    transcoder: Transcoder
    counters: Counters
    check: Callable[[str, str], Awaitable[Caller]]  # a token, and the address that shows it
    is_simulated: bool
    max_of_user: int = MAX_SOCKETS_OF_USER
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def serve(self, web: WebSocket, asked: Asked) -> None:
        """One socket from its opening to its end."""
        offered = web.scope["subprotocols"]
        chosen = next((name for name in (BINARY, JSON) if name in offered), None)
        refused = self._refused(asked, chosen)
        if refused is not None:
            await web.send_denial_response(refused.response(asked.request_id))
            return
        await web.accept(chosen)
        transport = web.scope.get("extensions", {}).get("crossbook.transport")
        socket = Socket(web, asked, self.counters, self.transcoder if chosen == JSON else None, transport)
        self.registry.sockets.add(socket)
        self.counters.sockets += 1
        code, reason = 1000, ""
        try:
            socket.put(self._welcome(asked.caller))
            await until_first(socket.send_for_ever(), self._hear(socket), self._watch_end(socket))
        except CloseError as error:
            code, reason = error.code, error.reason
        except (WebSocketDisconnect, OSError):
            code = 0
        finally:
            self.registry.sockets.discard(socket)
            self.counters.sockets -= 1
            self.counters.subscriptions -= len(socket.subscriptions)
            await socket.close(code or 1000, reason)

    def _refused(self, asked: Asked, chosen: str | None) -> ProblemError | None:
        if chosen is None:
            return ProblemError(400, f"offer the subprotocol {BINARY} or {JSON}")
        try:
            may_call(asked.caller, METHODS[pb.CHANNEL_HEALTH])
        except ProblemError as error:
            return error
        own = Counter(_user(socket.asked) for socket in self.registry)
        if len(self.registry.sockets) >= MAX_SOCKETS or own[_user(asked)] >= self.max_of_user:
            return ProblemError(429, "too many sockets are open: close one", (), 5.0)
        return None

    def _welcome(self, caller: Caller) -> bytes:
        welcome = pb.Welcome(
            epoch=self.epoch,
            server_time_ms=now_ns() // 1_000_000,
            role=caller.role,
            principal=caller.principal,
            max_subscriptions=MAX_SUBSCRIPTIONS,
            max_instruments=MAX_INSTRUMENTS,
            is_simulated=self.is_simulated,
        )
        if caller.expires_at is not None:
            welcome.expires_at_ms = caller.expires_at * 1000
        return pb.ServerFrame(welcome=welcome).SerializeToString()

    async def _hear(self, socket: Socket) -> None:
        try:
            await self._hear_for_ever(socket)
        except BaseExceptionGroup as errors:  # of the group that has the socket's own tasks
            raise errors.exceptions[0] from None

    async def _hear_for_ever(self, socket: Socket) -> None:
        async with asyncio.TaskGroup() as tasks:
            running: dict[int, asyncio.Task[None]] = {}
            wait: float | None = FIRST_MESSAGE_SECONDS
            while True:
                try:
                    async with asyncio.timeout(wait):
                        frame = await socket.receive()
                except TimeoutError:
                    raise CloseError(MALFORMED, f"nothing was said for {FIRST_MESSAGE_SECONDS:g} s") from None
                wait = None
                await self._on_frame(socket, frame, tasks, running)

    async def _on_frame(
        self, socket: Socket, frame: pb.ClientFrame, tasks: asyncio.TaskGroup, running: dict[int, asyncio.Task[None]]
    ) -> None:
        kind = frame.WhichOneof("frame")
        if kind in ("subscribe", "change"):
            asked: pb.Subscribe = getattr(frame, kind)
            try:
                self._subscribe(socket, asked, is_change=kind == "change")
            except RefusedError as error:
                self._unsubscribe(socket, asked.id, running)
                socket.put(problem(asked.id, error.code, str(error)))
                return
            if asked.channel == pb.CHANNEL_LOG:
                subscription = socket.subscriptions[asked.id]
                _cancel(running, asked.id)
                running[asked.id] = tasks.create_task(
                    logs.follow(self.backends, list(self.known), socket, subscription)
                )
        elif kind == "unsubscribe":
            self._unsubscribe(socket, frame.unsubscribe.id, running)
        elif kind == "pause":
            socket.is_paused = True
        elif kind == "resume":
            self._resume(socket)
        elif kind == "renew":
            await self._renew(socket, frame.renew.access_token)
        else:
            raise CloseError(MALFORMED, "an empty ClientFrame")

    def _subscribe(self, socket: Socket, asked: pb.Subscribe, *, is_change: bool) -> None:
        before = socket.subscriptions.get(asked.id)
        self._check(socket, asked, before, is_change=is_change)
        subscription = Subscription(asked, hz_of(asked, is_json=socket.is_json))
        if before is not None:
            subscription.sequence, subscription.dropped = before.sequence, before.dropped
            before.close()
        else:
            self.counters.subscriptions += 1
        if asked.channel in LANES:
            subscription.reader = reader_of(self.board, asked)
        socket.subscriptions[asked.id] = subscription
        told = pb.Subscribed(channel=asked.channel, max_hz=subscription.hz)
        socket.put(pb.ServerFrame(subscription=asked.id, subscribed=told).SerializeToString())
        if asked.channel == pb.CHANNEL_OPPORTUNITIES:
            self.opportunities.begin(socket, subscription)
        elif asked.channel == pb.CHANNEL_ALERTS:
            self.alerts.begin(socket, subscription)

    def _check(self, socket: Socket, asked: pb.Subscribe, before: Subscription | None, *, is_change: bool) -> None:
        """Raises RefusedError."""
        if asked.id == 0 or asked.channel not in METHODS:
            raise RefusedError("INVALID_ARGUMENT", "a subscription has an id that is not 0, and a known channel")
        if is_change and (before is None or before.asked.channel != asked.channel):
            raise RefusedError("NOT_FOUND", "there is no subscription of this id and channel to change")
        if not is_change and before is not None:
            raise RefusedError("ALREADY_EXISTS", "a subscription has this id: change it, or end it first")
        if before is None and len(socket.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise RefusedError("RESOURCE_EXHAUSTED", f"a socket has {MAX_SUBSCRIPTIONS} subscriptions at most")
        others = sum(len(one.asked.instruments) for one in socket.subscriptions.values() if one is not before)
        if others + len(asked.instruments) > MAX_INSTRUMENTS:
            raise RefusedError("RESOURCE_EXHAUSTED", f"a socket names {MAX_INSTRUMENTS} instruments at most")
        chosen = asked.filter
        if max(len(chosen.venues), len(chosen.symbols), len(chosen.assets)) > MAX_NAMES:
            raise RefusedError("INVALID_ARGUMENT", f"a filter has {MAX_NAMES} names of a kind at most")
        if asked.instruments and (chosen.venues or chosen.symbols or chosen.assets):
            raise RefusedError("INVALID_ARGUMENT", "instruments or a filter, not both")
        if not (asked.max_hz == asked.max_hz and 0 <= asked.max_hz <= 1000):
            raise RefusedError("INVALID_ARGUMENT", "max_hz is a number of frames a second")
        wrong = next(check_filter("opportunity_filter", asked.opportunity_filter), None)
        if wrong is not None:
            raise RefusedError("INVALID_ARGUMENT", f"{wrong.field} {wrong.description}")
        try:
            may_call(socket.asked.caller, METHODS[asked.channel])
        except ProblemError as error:
            raise RefusedError("PERMISSION_DENIED", error.detail) from None

    def _unsubscribe(self, socket: Socket, number: int, running: dict[int, asyncio.Task[None]]) -> None:
        _cancel(running, number)
        subscription = socket.subscriptions.pop(number, None)
        if subscription is not None:
            self.counters.subscriptions -= 1
            subscription.close()

    def _resume(self, socket: Socket) -> None:
        socket.is_paused = False
        for subscription in socket.subscriptions.values():
            if not subscription.is_of_events:
                subscription.begin_again()
                subscription.next_at = 0.0

    async def _renew(self, socket: Socket, token: str) -> None:
        try:
            caller = await self.check(token, socket.asked.address)
        except ProblemError as error:
            raise CloseError(UNAUTHENTICATED, error.detail) from None
        if caller.principal != socket.asked.caller.principal:
            raise CloseError(UNAUTHENTICATED, "the token is of somebody else")
        socket.asked = Asked(caller, socket.asked.request_id, socket.asked.address, socket.asked.is_https)

    async def _watch_end(self, socket: Socket) -> None:
        while True:
            ends = socket.asked.caller.expires_at
            if ends is not None and time.time() >= ends:
                raise CloseError(UNAUTHENTICATED, "the token has ended")
            await asyncio.sleep(END_SECONDS)


def _user(asked: Asked) -> str:
    caller = asked.caller
    return caller.principal if caller.credential else f"anonymous at {asked.address}"


def _cancel(running: dict[int, asyncio.Task[None]], number: int) -> None:
    if (task := running.pop(number, None)) is not None:
        task.cancel()
