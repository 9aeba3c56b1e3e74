"""One websocket to a venue: dial, hand on every message as bytes with its receive time, send, notice a dead peer.

The whole of the tracker that knows how a websocket is spoken is here and in frames.py, so that another client can be
tried. It is websockets' sans-IO ClientProtocol on our own asyncio.Protocol: messages reach the feed in the very call in
which the loop read them, without a queue and a task switch between. Compression is not offered: inflating costs more
than the whole rest of a message's way, and bandwidth is not what a tracker is short of. Proxy variables are not read.

DialError   the handshake did not succeed: wait as long as it says, then dial again
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol, cast
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI, PayloadTooBig, ProtocolError
from websockets.frames import CloseCode
from websockets.protocol import CONNECTING, OPEN
from websockets.uri import parse_uri

from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.retry_after import retry_after_seconds
from crossbook.plumbing.trust import tls_context
from crossbook.transport.eyeballs import connect
from crossbook.transport.frames import FrameLane
from crossbook.transport.throttling import LONGEST_SECONDS

OPENING_TIMEOUT_SECONDS = 10.0
# After an interval in which nothing was heard the other side is asked for a sign of life.
PING_INTERVAL_SECONDS = 1.0
INTERVALS_BEFORE_DOUBT = 3  # nobody knows any more whether the line still speaks
INTERVALS_BEFORE_DEATH = 10
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_HANDSHAKE_BYTES = 256 * 1024
# A read that is so full says that more waits. The loop would read on and on, so others get their turn in between.
CROWDED_READ_BYTES = 64 * 1024
MAX_UNSENT_BYTES = 1024 * 1024
HEAD_END = b"\r\n\r\n"
USER_AGENT = "crossbook"


class DialError(Exception):
    """The handshake failed."""

    def __init__(self, reason: str, status: int = 0, retry_after_seconds: float | None = None) -> None:
        super().__init__(OutsideText.of(reason))
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class Listener(Protocol):
    """Who is told what the socket does. None of these may raise."""

    def on_open(self, connection: "Connection", now_ns: int) -> None:
        """The handshake succeeded."""

    def on_message(self, payload: bytes, is_text: bool, now_ns: int) -> None:
        """One message; all messages of one read have the same time."""

    def on_read(self) -> None:
        """The messages of one read have all been handed on."""

    def on_silence(self) -> None:
        """Nothing was heard for so long that the line may be dead."""

    def on_proof(self) -> None:
        """After a silence or `prove`: all that the other side had sent when it was asked has been handed on."""


async def dial(
    url: str,
    listener: Listener,
    *,
    headers: Sequence[tuple[str, str]] = (),
    ping_interval_seconds: float = PING_INTERVAL_SECONDS,
    now_ns: Callable[[], int] = time.time_ns,
) -> "Connection":
    """Opens a connection. Raises DialError."""
    loop = asyncio.get_running_loop()
    try:
        uri = parse_uri(url)
        context = tls_context() if uri.secure else None
        async with asyncio.timeout(OPENING_TIMEOUT_SECONDS):
            opened = await connect(uri.host, uri.port)
            _, connection = await loop.create_connection(
                lambda: Connection(
                    ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES),
                    listener,
                    ping_interval_seconds,
                    headers,
                    now_ns,
                ),
                sock=opened,
                ssl=context,
                server_hostname=uri.host if context else None,
            )
            try:
                await asyncio.wait((connection.opened,))
            except BaseException:
                connection.close("given up while opening")
                raise
            connection.opened.result()
    except InvalidURI as error:
        raise DialError(f"{url.split('?')[0]} is not a websocket address") from error
    except TimeoutError as error:
        raise DialError(f"{urlsplit(url).netloc} did not answer the handshake") from error
    except OSError as error:
        raise DialError(f"{urlsplit(url).netloc}: {error}") from error
    return connection


class Connection(asyncio.Protocol):
    """One socket from its handshake to its end; `dial` makes it."""

    def __init__(
        self,
        protocol: ClientProtocol,
        listener: Listener,
        ping_interval_seconds: float,
        headers: Sequence[tuple[str, str]] = (),
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[str] = loop.create_future()
        self._protocol = protocol
        self._listener = listener
        self._lane = FrameLane(protocol, listener.on_message, self._on_pong, MAX_MESSAGE_BYTES)
        self._now_ns = now_ns
        self._handshake: bytearray | None = bytearray()  # None once it succeeded
        self._is_head_complete = False
        self._ping_interval_seconds = ping_interval_seconds
        self._headers = headers
        self._ping_timer: asyncio.TimerHandle | None = None
        self._is_heard = True
        self._silent_intervals = 0
        self._question = 0  # the ping whose answer shows that everything before it has been read
        self._doubted_intervals: int | None = None  # since that ping; None while there is no doubt
        self._reason = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has the methods, not the base class
        request = self._protocol.connect()
        request.headers["User-Agent"] = USER_AGENT
        for name, value in self._headers:
            request.headers[name] = value
        self._protocol.send_request(request)
        self._write()

    def data_received(self, data: bytes) -> None:
        """The bytes of one read."""
        now_ns = self._now_ns()
        self._is_heard = True
        if self._handshake is None:
            self._lane.feed(data, now_ns)
        else:
            self._shake_hands(data, now_ns)
        self._write()
        self._listener.on_read()
        if len(data) >= CROWDED_READ_BYTES and not self._transport.is_closing():
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._resume_reading)

    def eof_received(self) -> None:
        """The other side ended the stream; the transport closes itself."""
        self._protocol.receive_eof()
        self._refuse_if_failed()

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is gone."""
        if self._ping_timer is not None:
            self._ping_timer.cancel()
        self._protocol.receive_eof()
        reason = self._reason or OutsideText.of(error or self._close_reason())
        if not self.opened.done():
            self.opened.set_exception(DialError(reason))
        self.closed.set_result(reason)

    def send(self, text: str) -> None:
        """Sends a text message; nothing is sent on a connection that is about to end."""
        if self._protocol.state is OPEN:
            self._protocol.send_text(text.encode())
            self._write()

    def prove(self) -> None:
        """Asks for a sign of life; `on_proof` follows, or the end."""
        self._doubted_intervals = 0
        self._question += 1
        self._ask()

    def close(self, reason: str) -> None:
        """Says goodbye and closes; `closed` follows."""
        self._reason = self._reason or reason
        if self._protocol.state is OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._write()
        if not self.opened.done():
            self.opened.cancel()
        self._transport.close()
        # A peer that reads nothing would keep the goodbye, and with it the socket, for ever.
        asyncio.get_running_loop().call_later(1.0, self._transport.abort)

    @property
    def is_oversize(self) -> bool:
        """Whether a message beyond the limit ended it."""
        return isinstance(self._protocol.parser_exc, PayloadTooBig)

    async def wait_closed(self) -> str:
        """Why the connection ended, once it has."""
        await asyncio.wait((self.closed,))
        return self.closed.result()

    def _shake_hands(self, data: bytes, now_ns: int) -> None:
        """The answer's head goes to the protocol alone, so that the lane begins with the first frame."""
        assert self._handshake is not None
        if not self._is_head_complete:
            self._handshake += data
            head, separator, data = bytes(self._handshake).partition(HEAD_END)
            if not separator:
                return self._limit_handshake()
            self._is_head_complete = True
            self._protocol.receive_data(head + separator)
            if self._protocol.state is OPEN:
                return self._begin(data, now_ns)
        self._protocol.receive_data(data)  # the body of a refusal
        return self._refuse_if_failed()

    def _limit_handshake(self) -> None:
        if self._handshake is not None and len(self._handshake) > MAX_HANDSHAKE_BYTES:
            self._fail_opening(DialError("the answer to the handshake is too large"))

    def _begin(self, rest: bytes, now_ns: int) -> None:
        self._handshake = None
        self._protocol.events_received()
        self._ping_timer = asyncio.get_running_loop().call_later(self._ping_interval_seconds, self._ping)
        if not self.opened.done():
            self.opened.set_result(None)
        self._listener.on_open(self, now_ns)
        self._lane.feed(rest, now_ns)

    def _refuse_if_failed(self) -> None:
        error = self._protocol.handshake_exc
        if isinstance(error, InvalidStatus):
            response = error.response
            wait = retry_after_seconds(response.headers.get("Retry-After"), LONGEST_SECONDS)
            self._fail_opening(DialError(f"refused with HTTP {response.status_code}", response.status_code, wait))
        elif error is not None:
            self._fail_opening(DialError(f"the handshake failed: {error}"))

    def _fail_opening(self, error: DialError) -> None:
        if not self.opened.done():
            self.opened.set_exception(error)
        self._transport.abort()

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._abort("the other side reads nothing")
        elif self._protocol.state not in (OPEN, CONNECTING):
            self._transport.close()

    def _ping(self) -> None:
        """Once an interval."""
        self._silent_intervals = 0 if self._is_heard else self._silent_intervals + 1
        self._is_heard = False
        if self._doubted_intervals is not None:
            self._doubted_intervals += 1
        if max(self._silent_intervals, self._doubted_intervals or 0) >= INTERVALS_BEFORE_DEATH:
            return self._abort("the answer to a ping did not come")
        if self._silent_intervals == INTERVALS_BEFORE_DOUBT and self._doubted_intervals is None:
            self._listener.on_silence()
            self.prove()
        elif self._silent_intervals:
            self._ask()
        self._ping_timer = asyncio.get_running_loop().call_later(self._ping_interval_seconds, self._ping)
        return None

    def _ask(self) -> None:
        if self._protocol.state is OPEN:
            self._protocol.send_ping(self._question.to_bytes(8))
            self._write()

    def _on_pong(self, payload: bytes) -> None:
        if self._doubted_intervals is not None and payload == self._question.to_bytes(8):
            self._doubted_intervals = None
            self._listener.on_proof()

    def _resume_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _abort(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._transport.abort()

    def _close_reason(self) -> str:
        error = self._protocol.parser_exc or self._protocol.handshake_exc
        if isinstance(error, (PayloadTooBig, ProtocolError)):
            return str(error)
        code, text = self._protocol.close_code, self._protocol.close_reason
        return f"closed with code {code}{f': {text}' if text else ''}"
