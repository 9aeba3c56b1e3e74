"""A TCP proxy that spoils what goes through it: latency, cuts, refusals, half-open connections and black holes.

async with TcpProxy("127.0.0.1", port) as proxy:
    ...                           # dial proxy.port
    proxy.is_holding = True       # black hole: connections stand, nothing moves; what was sent arrives after heal()
    proxy.swallows = REQUESTS     # half-open: that direction is read and thrown away
    proxy.latency_seconds = 0.2   # either way
    proxy.cut()                   # every connection is reset; new ones are welcome
    await proxy.refuse()          # as if nobody listened
    proxy.says = b"..."           # every new connection hears that, again and again, whatever it asks
    await proxy.heal()            # connections that lost bytes are reset: no stream survives a hole in it
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

REQUESTS, ANSWERS = "requests", "answers"
CHUNK_BYTES = 1 << 16
CHUNKS_UNDER_WAY = 256  # beyond them the sender is no longer read, as with any full pipe

Chunk = tuple[float, bytes]


@dataclass(eq=False)
class _Connection:
    """Both ends of one connection."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    has_lost_bytes: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def abort(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class TcpProxy:
    """Listens on a port of its own, the same one for as long as it lives."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.latency_seconds = 0.0
        self.swallows = ""
        self.says = b""
        self._host = host
        self._upstream_port = port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def __aenter__(self) -> "TcpProxy":
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()

    @property
    def is_holding(self) -> bool:
        """Whether nothing moves."""
        return not self._flowing.is_set()

    @is_holding.setter
    def is_holding(self, is_holding: bool) -> None:
        if is_holding:
            self._flowing.clear()
        else:
            self._flowing.set()

    def cut(self) -> None:
        """Resets every connection."""
        for connection in self._connections:
            connection.abort()

    async def refuse(self) -> None:
        """Resets every connection and takes no new ones until heal()."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    async def heal(self) -> None:
        """Passes everything on again."""
        self.latency_seconds, self.swallows, self.is_holding, self.says = 0.0, "", False, b""
        for connection in self._connections:
            if connection.has_lost_bytes:
                connection.abort()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.says:
            return await self._say(reader, writer)
        try:
            await self._flowing.wait()
            upstream_reader, upstream_writer = await asyncio.open_connection(self._host, self._upstream_port)
        except OSError:
            return writer.transport.abort()
        connection = _Connection((writer, upstream_writer))
        self._connections.add(connection)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(REQUESTS, reader, upstream_writer, connection))
                tasks.create_task(self._carry(ANSWERS, upstream_reader, writer, connection))
        finally:
            self._connections.discard(connection)
            connection.abort()

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Once there was a question, until the other side has had enough or all is well again."""
        with contextlib.suppress(ConnectionError):
            await reader.read(CHUNK_BYTES)
            while (said := self.says) and not writer.is_closing():
                writer.write(said)
                await writer.drain()
                await asyncio.sleep(0)  # drain alone need not yield, and the loss is told by the loop
        writer.transport.abort()

    async def _carry(
        self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        under_way: asyncio.Queue[Chunk] = asyncio.Queue(CHUNKS_UNDER_WAY)
        delivering = asyncio.create_task(self._deliver(direction, under_way, writer, connection))
        try:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(CHUNK_BYTES):
                    await under_way.put((asyncio.get_running_loop().time() + self.latency_seconds, data))
            await under_way.put((0.0, b""))
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(
        self, direction: str, under_way: asyncio.Queue[Chunk], writer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        """Until the end of the stream, which is passed on as such; what a dead end cannot take is thrown away."""
        data = b"?"
        try:
            while data:
                due, data = await under_way.get()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                await self._flowing.wait()
                if not data:
                    writer.write_eof()
                elif self.swallows == direction:
                    connection.has_lost_bytes = True
                else:
                    writer.write(data)
                    await writer.drain()
        except (OSError, RuntimeError):  # RuntimeError: what a transport that is closing says to write_eof
            connection.abort()
            while data:
                _, data = await under_way.get()
