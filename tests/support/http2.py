"""HTTP/2 by hand, for clients that do what no library would: frames as bytes, on a bare connection."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 0x1, 0x4
INITIAL_WINDOW_SIZE = 4


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """As it goes over the wire."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def settings() -> bytes:
    """A client's first frame, with the defaults."""
    return frame(SETTINGS, 0, 0)


def no_window() -> bytes:
    """A client's first frame: nothing may be sent to it."""
    return frame(SETTINGS, 0, 0, INITIAL_WINDOW_SIZE.to_bytes(2) + (0).to_bytes(4))


def call(stream: int, path: str, *more: tuple[str, str]) -> bytes:
    """The headers that open a gRPC call."""
    fields = (
        *((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test")),
        *(("content-type", "application/grpc"), ("te", "trailers")),
        *more,
    )
    return frame(HEADERS, END_HEADERS, stream, b"".join(_literal(name) + _text(value) for name, value in fields))


def message(stream: int, payload: bytes, flags: int = 0) -> bytes:
    """One gRPC message in one frame."""
    return frame(DATA, flags, stream, b"\0" + len(payload).to_bytes(4) + payload)


def _literal(name: str) -> bytes:
    return b"\0" + _text(name)


def _text(text: str) -> bytes:
    assert len(text) < 127
    return bytes([len(text)]) + text.encode()


class Visitor:
    """A bare connection, which says what it is told to."""

    def __init__(self, target: str) -> None:
        self._host, self._port = target.split(":")

    async def __aenter__(self) -> "Visitor":
        self._reader, self._writer = await asyncio.open_connection(self._host, int(self._port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def say(self, *frames: bytes) -> None:
        """Whether or not anybody listens any more."""
        with suppress(ConnectionError):
            self._writer.write(b"".join(frames))
            await self._writer.drain()

    async def is_served(self) -> bool:
        """Whether the server says anything; else it has hung up."""
        with suppress(ConnectionError):
            return bool(await self._reader.read(1))
        return False

    async def heard(self) -> list[tuple[int, bytes]]:
        """Kind and payload of every frame until the server hangs up."""
        said = bytearray()
        with suppress(ConnectionError):
            while part := await self._reader.read(65_536):
                said += part
        return list(_frames(bytes(said)))


def _frames(said: bytes) -> Iterator[tuple[int, bytes]]:
    while len(said) >= 9:
        length = int.from_bytes(said[:3])
        yield said[3], said[9 : 9 + length]
        said = said[9 + length :]
