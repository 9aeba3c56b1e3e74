"""A real HTTP server whose answers a test lays out beforehand."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Answers:
    """Answers in the order in which they are given; the last one is given again and again."""

    raw: list[bytes]
    url: str = ""
    paths: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, *_ = head.decode().split()
        sizes = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:")]
        self.bodies.append(await reader.readexactly(int(sizes[0]) if sizes else 0))
        self.methods.append(method)
        self.paths.append(path)
        self.times.append(asyncio.get_running_loop().time())
        answer = self.raw[0] if len(self.raw) == 1 else self.raw.pop(0)
        writer.write(answer)
        writer.close()


def answer(status: int, body: bytes = b"", headers: str = "") -> bytes:
    """A whole HTTP answer."""
    return f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@asynccontextmanager
async def answering(*raw: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Answers]:
    """Serves on a port of its own."""
    answers = Answers(list(raw))
    server = await asyncio.start_server(answers.serve, "127.0.0.1", 0, ssl=tls)
    answers.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield answers
