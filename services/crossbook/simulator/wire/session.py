"""One client's WebSocket connection, seen from a face: what it is subscribed to and what waits to be written to it.

Frames are encoded once and shared by all sessions, so they are written to the transport directly and not through the
library's send: a frame of a server is a header of a few bytes and the payload. Compression is never negotiated.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from crossbook.simulator.wire.limits import SlidingWindow

# A client that lets so much pile up is cut off, as venues do.
MAX_WAITING_BYTES = 64 * 1024 * 1024
_TEXT, _BINARY = 0x81, 0x82


def encode_frame(payload: bytes, *, is_text: bool) -> bytes:
    """A whole, unmasked, uncompressed WebSocket frame."""
    first, size = _TEXT if is_text else _BINARY, len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


class Session:
    """What a face knows of one client."""

    def __init__(
        self,
        connection: ServerConnection,
        path: str,
        query: dict[str, str],
        now_ns: int,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.connection = connection
        self.path = path
        self.query = query
        self.headers = headers or {}  # of the handshake
        self.topics: set[str] = set()
        self.has_subscribed = asyncio.Event()
        self.messages: SlidingWindow | None = None
        self.memory: dict[str, Any] = {}  # what a face wants to remember of this client
        self.last_received_ns = now_ns
        self.last_sent_ns = now_ns
        self.frames_sent = 0
        self._outbox: list[bytes] = []
        self._delayed: deque[tuple[int, bytes]] = deque()
        self._delayed_bytes = 0

    def send_text(self, text: str) -> None:
        """Queues a text frame; flush writes it."""
        self.send_frame(encode_frame(text.encode(), is_text=True))

    def send_frame(self, frame: bytes) -> None:
        """Queues an encoded frame; flush writes it."""
        self._outbox.append(frame)

    def flush(self, now_ns: int, delay_ns: int = 0) -> None:
        """Writes what is queued, in one go; on a slow line only what has waited for delay_ns."""
        if self._outbox:
            chunk = b"".join(self._outbox)
            self.frames_sent += len(self._outbox)
            self._outbox.clear()
            self._delayed.append((now_ns + delay_ns, chunk))
            self._delayed_bytes += len(chunk)
        while self._delayed and self._delayed[0][0] <= now_ns:
            chunk = self._delayed.popleft()[1]
            self._delayed_bytes -= len(chunk)
            self._write(chunk, now_ns)
        if self._delayed_bytes > MAX_WAITING_BYTES:
            self.abort()

    def abort(self) -> None:
        """Drops the TCP connection without a word."""
        self.connection.transport.abort()

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye with a code."""
        await self.connection.close(code, reason)

    async def drain(self) -> None:
        """Waits until the client has taken enough of what was written."""
        await asyncio.sleep(0)
        await self.connection.drain()

    def _write(self, chunk: bytes, now_ns: int) -> None:
        transport = self.connection.transport
        if self.connection.state is not State.OPEN or transport.is_closing():
            return  # a closing handshake has begun: no data may follow
        if transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self.abort()
            return
        self.last_sent_ns = now_ns
        transport.write(chunk)
