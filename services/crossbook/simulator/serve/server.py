"""One port for everything: WebSockets and REST of every venue under /<venue>, and /control."""

import asyncio
import errno
import http
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from crossbook.plumbing.errors import PortTakenError
from crossbook.plumbing.targets import target_of
from crossbook.simulator.faces.base import Face
from crossbook.simulator.play.player import Player
from crossbook.simulator.serve.control import answer_control
from crossbook.simulator.serve.http_post import PostConnection
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.wire.answer import Answer, text_answer
from crossbook.simulator.wire.session import Session

TIMER_SECONDS = 0.1
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_SESSIONS = 1_000  # of all venues together

# Broken sockets are the simulator's daily work; the library would log each of them.
_quiet = logging.getLogger("crossbook.simulator.sockets")
_quiet.setLevel(logging.CRITICAL)


class VenueServer:
    """Routes requests and clients to the faces."""

    def __init__(self, simulator: Simulator, player: Player | None) -> None:
        self._simulator = simulator
        self._player = player

    def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answers REST and refused handshakes; None lets the WebSocket open."""
        now_ns = time.time_ns()
        venue, path, query = _split(request.path)
        if venue == "control":
            return _response(
                answer_control(self._simulator, self._player, request.method, path, query, now_ns), request.method
            )
        face = self._simulator.faces.get(venue)
        if face is None:
            return _response(text_answer(404, f"venues: {', '.join(self._simulator.faces)}\n"))
        if self._simulator.injector.is_refusing(venue):
            connection.transport.abort()
            return _response(text_answer(503, "refused\n"))
        answer = self._answer(face, request, path, query, now_ns)
        return None if answer is None else _response(answer)

    async def handle(self, connection: ServerConnection) -> None:
        """One client, from its handshake to its end."""
        assert connection.request is not None
        venue, path, query = _split(connection.request.path)
        face = self._simulator.faces[venue]
        session = Session(connection, path, query, time.time_ns(), connection.request.headers)
        face.sessions.add(session)
        try:
            await self._serve(face, session)
        except* (ConnectionClosed, ConnectionError):
            pass  # the client is gone, or was thrown out
        finally:
            face.forget(session)

    def _answer(self, face: Face, request: Request, path: str, query: dict[str, str], now_ns: int) -> Answer | None:
        too_many = self._simulator.injector.refusal(face.venue)
        if too_many is not None:
            return too_many
        if request.headers.get("Upgrade", "").lower() == "websocket":
            if sum(len(one.sessions) for one in self._simulator.faces.values()) >= MAX_SESSIONS:
                return text_answer(503, "too many clients\n")
            return face.refuse_handshake(path, query)
        if (request.method == "POST") != (path in face.post_paths):
            return text_answer(405, f"{path} does not take {request.method}\n")
        recorded = self._player.answer(path, query) if self._is_played(face) and self._player else None
        return recorded or face.answer(path, query, now_ns)

    async def _serve(self, face: Face, session: Session) -> None:
        face.on_open(session, time.time_ns())
        self._after(face, session)
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._keep(face, session))]
            if self._player is not None and self._is_played(face):
                helpers.append(group.create_task(self._player.play(session)))
            await self._listen(face, session)
            for helper in helpers:
                helper.cancel()

    async def _listen(self, face: Face, session: Session) -> None:
        async for message in session.connection:
            now_ns = time.time_ns()
            session.last_received_ns = now_ns
            if isinstance(message, str) and not self._simulator.injector.is_mute(face.venue):
                await face.on_text(session, message, now_ns)
                self._after(face, session)

    async def _keep(self, face: Face, session: Session) -> None:
        while True:
            await asyncio.sleep(TIMER_SECONDS)
            if not self._simulator.injector.is_mute(face.venue):
                await face.on_timer(session, time.time_ns())

    def _after(self, face: Face, session: Session) -> None:
        """Sends the answers at once; the first subscription of all starts the clock of the planted episodes."""
        if session.topics:
            self._simulator.world.arm()
        if not self._simulator.injector.is_mute(face.venue):
            session.flush(time.time_ns(), face.delay_ns)

    def _is_played(self, face: Face) -> bool:
        return self._player is not None and self._player.face is face


@asynccontextmanager
async def serve_venues(simulator: Simulator, player: Player | None, host: str, port: int) -> AsyncIterator[int]:
    """Listens for as long as the context lasts; yields the port."""
    venues = VenueServer(simulator, player)
    try:
        server = await serve(
            venues.handle,
            host,
            port,
            process_request=venues.process_request,
            compression=None,
            ping_interval=None,
            close_timeout=1,
            max_size=MAX_MESSAGE_BYTES,
            create_connection=PostConnection,
            logger=_quiet,
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(host, port) from error
        raise
    try:
        bound = _port_of(server)
        for venue, face in simulator.faces.items():
            face.websocket_url = f"ws://{target_of(host, bound)}/{venue}"
        yield bound
    finally:
        server.close(code=1001)
        await server.wait_closed()


def _port_of(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def _split(target: str) -> tuple[str, str, dict[str, str]]:
    """Venue, the rest of the path, and the query."""
    parts = urlsplit(target)
    venue, _, path = parts.path.removeprefix("/").partition("/")
    return venue, f"/{path}", dict(parse_qsl(parts.query, keep_blank_values=True))


def _response(answer: Answer, method: str = "GET") -> Response:
    headers = Headers(
        {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body)), "Connection": "close"}
    )
    headers.update(answer.headers)
    body = b"" if method == "HEAD" else answer.body
    return Response(answer.status, http.HTTPStatus(answer.status).phrase, headers, body)
