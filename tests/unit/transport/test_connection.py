"""One websocket against a real server of the websockets library, and against worse than that."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from crossbook.transport import connection as module
from crossbook.transport.connection import Connection, DialError, dial
from tests.support.alerts.http_answers import answer, answering
from tests.support.waiting import eventually


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, bool]] = []
        self.times: list[int] = []
        self.opened = 0
        self.reads = 0
        self.events: list[str] = []

    def on_open(self, connection: Connection, now_ns: int) -> None:
        self.opened += 1

    def on_message(self, payload: bytes, is_text: bool, now_ns: int) -> None:
        self.messages.append((payload, is_text))
        self.times.append(now_ns)

    def on_read(self) -> None:
        self.reads += 1

    def on_silence(self) -> None:
        self.events.append("silence")

    def on_proof(self) -> None:
        self.events.append("proof")


@asynccontextmanager
async def serving(handler: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, compression="deflate", close_timeout=0.1) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/path?query=1"


async def test_a_venues_own_headers_go_with_the_handshake() -> None:
    """They stand beside the usual ones."""
    seen: list[tuple[str, str]] = []

    async def handler(server: ServerConnection) -> None:
        assert server.request is not None
        seen.append((server.request.headers["X-Size"], server.request.headers["User-Agent"]))
        await server.wait_closed()

    async with serving(handler) as url:
        connection = await dial(url, Heard(), headers=[("X-Size", "1")])
        await eventually(lambda: bool(seen))
        connection.close("done")
        await connection.wait_closed()
    assert seen == [("1", module.USER_AGENT)]


async def test_an_address_that_does_not_work_does_not_keep_the_next_one_from_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a venue's name the first address is dead."""
    family, kind = socket.AF_INET, socket.SOCK_STREAM

    async def two(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        assert host == "venue.example"
        return [(family, kind, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    async with serving(lambda server: server.wait_closed()) as url:
        connection = await dial(url.replace("127.0.0.1", "venue.example"), Heard())
        connection.close("done")
        await connection.wait_closed()


async def test_messages_come_as_bytes_and_say_whether_they_were_text() -> None:
    """Text and binary, empty and large, sent at once with the handshake: each once, in order, with a rising time."""
    sent: list[str | bytes] = ["text €", b"\x00binary", "", bytes(200_000), "x" * 70_000]

    async def handler(server: ServerConnection) -> None:
        for message in sent:
            await server.send(message)
        await server.wait_closed()

    heard = Heard()
    async with serving(handler) as url:
        connection = await dial(url, heard)
        await eventually(lambda: len(heard.messages) == len(sent))
        connection.close("done")
        assert await connection.wait_closed() == "done"
    assert heard.messages == [
        (message.encode() if isinstance(message, str) else message, isinstance(message, str)) for message in sent
    ]
    assert heard.opened == 1
    assert heard.reads >= 1
    assert heard.times == sorted(heard.times)


async def test_what_is_sent_arrives_as_text_on_the_path_asked_for() -> None:
    """The url is kept whole, compression is not offered."""
    received: list[str | bytes | None] = []

    async def handler(server: ServerConnection) -> None:
        assert server.request is not None
        received.extend([server.request.path, server.request.headers.get("Sec-WebSocket-Extensions")])
        received.append(await server.recv())

    async with serving(handler) as url:
        connection = await dial(url, Heard())
        connection.send('{"subscribe":"€"}')
        await eventually(lambda: len(received) == 3)
        connection.close("done")
    assert received == ["/path?query=1", None, '{"subscribe":"€"}']


async def test_the_servers_farewell_is_the_reason() -> None:
    """A close by the venue ends the connection with its code and words; nothing can be sent afterwards."""

    async def handler(server: ServerConnection) -> None:
        await server.close(4004, "no data")

    async with serving(handler) as url:
        connection = await dial(url, Heard())
        assert await connection.wait_closed() == "closed with code 4004: no data"
        connection.send("into the void")


async def test_a_message_beyond_the_limit_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is told 1009; what came before is kept, and the connection says why it ended."""
    monkeypatch.setattr(module, "MAX_MESSAGE_BYTES", 1000)
    codes: list[int | None] = []

    async def handler(server: ServerConnection) -> None:
        await server.send("small")
        await server.send(bytes(5000))
        await server.wait_closed()
        codes.append(server.close_code)

    heard = Heard()
    async with serving(handler) as url:
        connection = await dial(url, heard)
        reason = await connection.wait_closed()
        await eventually(lambda: codes)
    assert heard.messages == [(b"small", True)]
    assert connection.is_oversize
    assert "5000 bytes" in reason
    assert codes == [1009]


async def test_a_cut_is_noticed() -> None:
    """The server's end of the TCP connection, without a farewell, ends the connection."""

    async def handler(server: ServerConnection) -> None:
        server.transport.abort()

    async with serving(handler) as url:
        connection = await dial(url, Heard())
        assert await connection.wait_closed() != ""


async def test_a_silent_peer_is_given_up() -> None:
    """A socket that says nothing, not even the answer to a ping, is dead."""
    done = asyncio.Event()

    async def handler(server: ServerConnection) -> None:
        server.transport.pause_reading()
        await done.wait()

    async with serving(handler) as url:
        connection = await dial(url, Heard(), ping_interval_seconds=0.2)
        assert "ping" in await connection.wait_closed()
        done.set()


async def test_a_line_that_falls_silent_is_doubted_before_it_is_dead() -> None:
    """And believed again once the other side has answered what it was asked then."""
    heard, is_deaf = Heard(), asyncio.Event()

    async def handler(server: ServerConnection) -> None:
        server.transport.pause_reading()
        await is_deaf.wait()
        server.transport.resume_reading()
        await server.wait_closed()

    async with serving(handler) as url:
        connection = await dial(url, heard, ping_interval_seconds=0.2)
        await eventually(lambda: heard.events == ["silence"])
        is_deaf.set()
        await eventually(lambda: heard.events == ["silence", "proof"])
        assert not connection.closed.done()
        connection.close("done")


async def test_a_proof_comes_after_everything_that_was_sent_before_it() -> None:
    """What waits in the socket is read first, however much it is: then its end is known."""
    heard = Heard()

    async def handler(server: ServerConnection) -> None:
        for number in range(500):
            await server.send(bytes(1000) + str(number).encode())
        await server.wait_closed()

    class Proven(Heard):
        def on_proof(self) -> None:
            heard.messages = list(self.messages)

    async with serving(handler) as url:
        connection = await dial(url, Proven())
        await asyncio.sleep(0)
        connection.prove()
        await eventually(lambda: bool(heard.messages))
        assert not connection.closed.done()
        connection.close("done")


async def test_a_peer_that_talks_but_answers_no_ping_is_given_up_once_it_must_prove_itself() -> None:
    """Nobody could ever say what it sent before and what after."""

    done = asyncio.Event()

    async def handler(server: ServerConnection) -> None:
        server.transport.pause_reading()
        while not done.is_set():
            await server.send("still here")
            await asyncio.sleep(0.01)

    async with serving(handler) as url:
        connection = await dial(url, Heard(), ping_interval_seconds=0.05)
        connection.prove()
        assert "ping" in await connection.wait_closed()
        done.set()


async def test_a_quiet_peer_that_answers_pings_is_kept() -> None:
    """Pings alone keep a connection alive over many intervals."""
    pings = 0

    async def handler(server: ServerConnection) -> None:
        await server.wait_closed()

    class Counted(Heard):
        def on_read(self) -> None:
            nonlocal pings
            pings += 1

    async with serving(handler) as url:
        connection = await dial(url, Counted(), ping_interval_seconds=0.1)
        await eventually(lambda: pings > 5)
        assert not connection.closed.done()
        connection.close("done")


@pytest.mark.parametrize(
    ("raw", "status", "retry_after_seconds"),
    [
        (answer(429, b"slow down", "Retry-After: 7\r\n"), 429, 7.0),
        (answer(403), 403, None),
        (b"HTTP/1.1 503 Later\r\n\r\nuntil the end", 503, None),
        (b"SSH-2.0-OpenSSH\r\n\r\n", 0, None),
        (b"", 0, None),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 0, None),
        (b"x" * (module.MAX_HANDSHAKE_BYTES + 1), 0, None),
    ],
)
async def test_a_refusal_says_its_status(raw: bytes, status: int, retry_after_seconds: float | None) -> None:
    """Whatever answers the handshake with anything but a websocket gives a DialError, with the venue's wait if any."""
    heard = Heard()
    async with answering(raw) as server:
        with pytest.raises(DialError) as refusal:
            await dial(server.url.replace("http", "ws"), heard)
    assert (refusal.value.status, refusal.value.retry_after_seconds) == (status, retry_after_seconds)
    assert heard.opened == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ws://", "ws://127.0.0.1:1/", "ws://no.such.host.invalid/"])
async def test_a_bad_address_is_a_dial_error(url: str) -> None:
    """Wrong schemes, refused ports and unknown hosts are tried again like any other failure."""
    with pytest.raises(DialError):
        await dial(url, Heard())


async def test_a_handshake_that_is_never_answered_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and says nothing does not hold the dialler for ever."""
    monkeypatch.setattr(module, "OPENING_TIMEOUT_SECONDS", 0.2)
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0) as server:
        with pytest.raises(DialError, match="did not answer"):
            await dial(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", Heard())
