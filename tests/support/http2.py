"""HTTP/2 by hand, for clients that do what no library would: frames as bytes, on a bare connection."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 0x1, 0x4
ACK = 0x1
INITIAL_WINDOW_SIZE = 4
DEFAULT_WINDOW, MAX_FRAME = 65_535, 16_384


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
        self._decoder = Decoder()

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

    async def trailers(self, stream: int) -> dict[str, str]:
        """The headers with which the server ends the call. Raises ConnectionError when it hangs up before."""
        async for kind, flags, number, payload in self._listen():
            if kind == HEADERS:
                fields = {str(name): str(value) for name, value in self._decoder.decode(payload)}
                if number == stream and flags & END_STREAM:
                    return fields
        raise ConnectionResetError

    async def data(self, stream: int) -> bytes:
        """What the next frame of data says. Raises ConnectionError when the server hangs up before."""
        async for kind, _, number, payload in self._listen():
            if (kind, number) == (DATA, stream):
                return payload
        raise ConnectionResetError

    async def pongs(self, count: int) -> list[int]:
        """The numbers of so many pings that the server answers next."""
        numbers = list[int]()
        async for kind, flags, _, payload in self._listen():
            if kind == PING and flags & ACK:
                numbers.append(int.from_bytes(payload))
            if len(numbers) == count:
                break
        return numbers

    async def ended(self) -> AsyncIterator[int]:
        """How many calls the server has ended, again and again until it hangs up."""
        said = b""
        with suppress(ConnectionError):
            while part := await self._reader.read(65_536):
                said += part
                frames = list(_frames(said))
                said = said[sum(9 + len(payload) for _, _, _, payload in frames) :]
                yield sum(kind == HEADERS and flags & END_STREAM for kind, flags, _, _ in frames)

    async def pour(self, path: str, said: bytes, calls: int) -> None:
        """Says the same in so many calls, one after the other, as far as the server lets it."""
        frames, windows = self._listen(), {0: DEFAULT_WINDOW}
        initial = DEFAULT_WINDOW
        for stream in range(1, 2 * calls, 2):
            await self.say(call(stream, path))
            windows[stream], left = initial, said
            while left:
                if room := min(len(left), MAX_FRAME, windows[0], windows[stream]):
                    await self.say(frame(DATA, 0, stream, left[:room]))
                    left, windows[0], windows[stream] = left[room:], windows[0] - room, windows[stream] - room
                    continue
                kind, flags, number, payload = await anext(frames)
                if kind == WINDOW_UPDATE:
                    windows[number] = windows.get(number, 0) + int.from_bytes(payload)
                elif kind == SETTINGS and INITIAL_WINDOW_SIZE in payload[1::6]:
                    now = int.from_bytes(payload[6 * payload[1::6].index(INITIAL_WINDOW_SIZE) + 2 :][:4])
                    windows[stream], initial = windows[stream] + now - initial, now
                elif number == stream and (kind == RST_STREAM or (kind == HEADERS and flags & END_STREAM)):
                    break

    async def _listen(self) -> AsyncIterator[tuple[int, int, int, bytes]]:
        """Kind, flags, stream and payload of each frame."""
        with suppress(asyncio.IncompleteReadError):
            while head := await self._reader.readexactly(9):
                yield (
                    head[3],
                    head[4],
                    int.from_bytes(head[5:]),
                    await self._reader.readexactly(int.from_bytes(head[:3])),
                )

    async def heard(self) -> list[tuple[int, bytes]]:
        """Kind and payload of every frame until the server hangs up."""
        said = bytearray()
        with suppress(ConnectionError):
            while part := await self._reader.read(65_536):
                said += part
        return [(kind, payload) for kind, _, _, payload in _frames(bytes(said))]


def _frames(said: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Kind, flags, stream and payload of each that is whole."""
    at = 0
    while len(said) >= at + 9 and len(said) >= (end := at + 9 + int.from_bytes(said[at : at + 3])):
        yield said[at + 3], said[at + 4], int.from_bytes(said[at + 5 : at + 9]), said[at + 9 : end]
        at = end
