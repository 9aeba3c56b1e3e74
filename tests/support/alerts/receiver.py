"""A real HTTP server that receives webhooks and answers as it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.servers.tls import TlsDoor

REASONS = {200: "OK", 302: "Found", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to say; a status of 0 says the body and nothing else, and holds the connection."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0
    is_endless: bool = False  # the body comes again and again until the other side has had enough


class Receiver:
    """Requests in the order they came; `answer` decides what each is told. With a door it speaks TLS."""

    def __init__(self, door: TlsDoor | None = None) -> None:
        self.port = 0
        self.door = door
        self.received: list[Received] = []
        self.answer: Callable[[Received], Answer] = lambda _: Answer()

    def url(self, path: str = "/hook") -> str:
        """Where it listens."""
        return f"{'https' if self.door else 'http'}://127.0.0.1:{self.port}{path}"

    def answer_in_turn(self, *answers: Answer) -> None:
        """The first answer to the first request, and so on; the last to all that follow."""
        waiting = list(answers)
        self.answer = lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            received = await _read(reader)
            self.received.append(received)
            answer = self.answer(received)
            if answer.status == 0:
                writer.write(answer.body)
                await reader.read()
            else:
                await asyncio.sleep(answer.delay_seconds)
                writer.write(_encoded(answer))
                await writer.drain()
                while answer.is_endless and not writer.is_closing():
                    writer.write(answer.body)
                    await writer.drain()
                    await asyncio.sleep(0)  # drain alone need not yield, and the loss is told by the loop
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = request_line.split(" ")
    return Received(path, headers, body, method)


def _encoded(answer: Answer) -> bytes:
    headers = {"content-length": str(len(answer.body)), "connection": "close", **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Other')}"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    return head.encode() + answer.body


@asynccontextmanager
async def receiving(door: TlsDoor | None = None) -> AsyncIterator[Receiver]:
    """Listens until the end of the block."""
    receiver = Receiver(door)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=door.context if door else None)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
