"""One WebSocket: what its client says, and its frames, one at a time, as fast as they are read.

A write that is not taken for STALL_SECONDS ends it with 4408; what the client says that cannot be understood, with
4400; more than it may say, with 4429; a token that has ended, with 4401.
"""

import asyncio
from collections import deque
from typing import Any

import structlog
from google.protobuf.message import DecodeError
from starlette.websockets import WebSocket, WebSocketDisconnect

from crossbook._core import PayloadError, Transcoder
from crossbook.gateway.counters import Counters
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.limits import Limiter
from crossbook.gateway.sockets.subscription import Subscription
from crossbook.pb.v1.gateway_pb2 import ClientFrame

STALL_SECONDS = 15.0
FIRST_MESSAGE_SECONDS = 5.0
MESSAGES_PER_SECOND, MESSAGES_BURST = 20.0, 60.0
MAX_WAITING = 256  # frames of the socket itself: answers to what it said, and heartbeats
LINGER_SECONDS = 5.0  # for a stalled client to read why it was closed
MALFORMED, UNAUTHENTICATED, STALLED, TOO_MUCH = 4400, 4401, 4408, 4429

log = structlog.get_logger()


class CloseError(Exception):
    """The socket ends, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """Of one client."""

    def __init__(
        self, web: WebSocket, asked: Asked, counters: Counters, transcoder: Transcoder | None, transport: Any
    ) -> None:
        """With a transcoder it speaks JSON."""
        self.asked = asked
        self.subscriptions: dict[int, Subscription] = {}
        self.is_paused = False
        self._web = web
        self._counters = counters
        self._transcoder = transcoder
        self._transport = transport
        self._own: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._limits = Limiter(MESSAGES_PER_SECOND, MESSAGES_BURST)
        self._ending: CloseError | None = None

    @property
    def is_json(self) -> bool:
        return self._transcoder is not None

    def put(self, frame: bytes) -> None:
        """A frame of the socket itself."""
        if len(self._own) >= MAX_WAITING:
            self._own.popleft()
        self._own.append(frame)
        self._news.set()

    def wake(self) -> None:
        """A subscription has something."""
        self._news.set()

    def end(self, code: int, reason: str) -> None:
        """Ends it from outside."""
        self._ending = self._ending or CloseError(code, reason)
        self._news.set()

    async def receive(self) -> ClientFrame:
        """What the client says next. Raises CloseError, and WebSocketDisconnect."""
        message = await self._web.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        if self._limits.take(""):
            raise CloseError(TOO_MUCH, f"more than {MESSAGES_PER_SECOND:g} messages a second")
        text, payload = message.get("text"), message.get("bytes")
        try:
            if self._transcoder is not None:
                payload = self._transcoder.parse_json("crossbook.v1.ClientFrame", (text or "").encode())
            if payload is None:
                raise CloseError(MALFORMED, "text, where frames are bytes")
            return ClientFrame.FromString(payload)
        except (DecodeError, PayloadError):
            raise CloseError(MALFORMED, "no ClientFrame") from None

    async def send_for_ever(self) -> None:
        """Until it ends. Raises CloseError."""
        while True:
            frame = self._next()
            if self._ending is not None:
                raise self._ending
            if frame is None:
                self._news.clear()
                await self._news.wait()
                continue
            await self._send(frame)

    def _next(self) -> bytes | None:
        if self._own:
            return self._own.popleft()
        for number in list(self.subscriptions):
            subscription = self.subscriptions[number]
            if (frame := subscription.take()) is not None:
                self.subscriptions[number] = self.subscriptions.pop(number)  # the others first, next time
                return frame
        return None

    async def _send(self, frame: bytes) -> None:
        data: dict[str, Any] = {"type": "websocket.send", "bytes": frame}
        if self._transcoder is not None:
            data = {
                "type": "websocket.send",
                "text": self._transcoder.to_json("crossbook.v1.ServerFrame", frame).decode(),
            }
        self._counters.frames_sent += 1
        self._counters.bytes_sent += len(frame)
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._web.send(data)
        except TimeoutError:
            self._counters.stalled_sockets += 1
            log.warning("socket_stalled", principal=self.asked.caller.principal, address=self.asked.address)
            raise CloseError(STALLED, f"nothing was read for {STALL_SECONDS:g} s") from None

    async def close(self, code: int, reason: str) -> None:
        """Says why, to whoever still reads; a transport that takes nothing is cut soon after."""
        for subscription in self.subscriptions.values():
            subscription.close()
        self.subscriptions.clear()
        if self._transport is not None:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._web.close(code, reason[:100])
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return
