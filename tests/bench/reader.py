"""`python -m tests.bench.reader URL...`: clients that subscribe to nothing and only count the frames they are sent.

What the sender can feed to somebody who does no work with it. Prints `0` once it is connected, then answers every line
of standard input with the frames so far.
"""

import asyncio
import base64
import os
import sys
from urllib.parse import urlsplit

import uvloop

HEAD_END = b"\r\n\r\n"


class Reader(asyncio.Protocol):
    """One connection: the handshake's answer is skipped, then frames are counted by their lengths."""

    def __init__(self, url: str) -> None:
        self.frames = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._url = urlsplit(url)
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {self._url.path} HTTP/1.1\r\nHost: {self._url.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        data = self._held + data
        if not self.opened.done():
            head, separator, data = data.partition(HEAD_END)
            if not separator:
                self._held = head
                return
            self._open(head)
        whole, rest = count_frames(data)
        self.frames += whole
        self._held = data[rest:]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"{self._url.geturl()} ended the handshake"))

    def _open(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(ConnectionError(f"{self._url.geturl()} refused: {head[:100]!r}"))
        else:
            self.opened.set_result(None)


def count_frames(data: bytes) -> tuple[int, int]:
    """How many whole frames of a server there are, and where what is left begins."""
    count, at, size = 0, 0, len(data)
    while size - at >= 2:
        length, start = data[at + 1], at + 2
        if length > 125:
            start += 2 if length == 126 else 8
            if start > size:
                break
            length = int.from_bytes(data[at + 2 : start], "big")
        if start + length > size:
            break
        count, at = count + 1, start + length
    return count, at


async def main(urls: list[str]) -> None:
    loop, lines = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    readers = [Reader(url) for url in urls]
    for reader, url in zip(readers, urls, strict=True):
        parts = urlsplit(url)
        await loop.create_connection(lambda reader=reader: reader, parts.hostname, parts.port)
        await reader.opened
    print(0, flush=True)
    while await lines.readline():
        print(sum(reader.frames for reader in readers), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
