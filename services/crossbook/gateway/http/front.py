"""The one door of the port, for requests and WebSockets alike: deny by default.

In this order: the Host is one of ours, the Origin ours or listed, the address within its limit, the caller known; then
the path is one of those below, and whoever answers it checks the role that its method needs. Whatever raises is told as
a problem, with the request's id, and nothing of our inside.
"""

import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from crossbook.gateway.http.hosts import Hosts
from crossbook.gateway.http.limits import Limiter, Proxies, network_of
from crossbook.gateway.http.problem import ProblemError, of_error
from crossbook.plumbing.access.roles import Caller

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_BODY_BYTES = 1024 * 1024
MAX_TARGET_BYTES = 8 * 1024  # of path and query
SOCKET_PATH = "/ws"
CORS_HEADERS = "authorization, content-type, if-match, if-none-match, x-request-id"
CORS_METHODS = "GET, POST, PATCH, DELETE"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'self'; object-src 'none'; require-trusted-types-for 'script'"
    ),
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is, beside what it says."""

    caller: Caller
    request_id: str
    address: str
    is_https: bool


Authenticate = Callable[[HTTPConnection, str], Awaitable[Caller]]
"""Who calls, given the client's address. Raises ProblemError for a token or key that is no good."""
Count = Callable[[Caller], dict[str, str]]
"""Counts a request of the caller: headers that tell what is left. Raises ProblemError when nothing is."""
Answer = Callable[[Request, Asked, bytes], Awaitable[Response | None]]
"""None: there is no such path."""
Serve = Callable[[WebSocket, Asked], Awaitable[None]]
Verbs = Callable[[str], Sequence[str]]
"""What may be done at a path; of one that is not there, nothing."""


class Front:
    """An ASGI application."""

    def __init__(
        self,
        hosts: Hosts,
        proxies: Proxies,
        limits: Limiter,
        authenticate: Authenticate,
        count: Count,
        answer: Answer,
        serve: Serve,
        verbs: Verbs,
    ) -> None:
        self._hosts = hosts
        self._proxies = proxies
        self._limits = limits
        self._authenticate = authenticate
        self._count = count
        self._answer = answer
        self._serve = serve
        self._verbs = verbs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(Request(scope, receive), send)
        elif scope["type"] == "websocket":
            await self._websocket(WebSocket(scope, receive, send))

    async def _http(self, request: Request, send: Send) -> None:
        request_id = _request_id(request)
        origin = request.headers.get("origin", "")
        try:
            response = await self._answered(request, request_id)
        except Exception as error:
            problem = of_error(error, has_precondition="if-match" in request.headers)
            if problem.status == 500:
                log.error("request_failed", method=request.method, request_id=request_id, exc_info=error)
            response = problem.response(request_id)
        response.headers.update(SECURITY_HEADERS)
        response.headers["X-Request-Id"] = request_id
        if origin and self._hosts.is_allowed(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers.add_vary_header("Origin")
        await response(request.scope, _nothing_more, send)

    async def _answered(self, request: Request, request_id: str) -> Response:
        self._check_origin(request)
        if request.method == "OPTIONS":
            return self._preflight(request)
        address = self._limited(request)
        if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_TARGET_BYTES:
            raise ProblemError(414, f"path and query are longer than {MAX_TARGET_BYTES} bytes")
        caller = await self._authenticate(request, address)
        counted = self._count(caller)
        asked = Asked(caller, request_id, address, request.url.scheme == "https")
        response = await self._answer(request, asked, await _body(request))
        if response is None:
            raise ProblemError(404, "there is nothing at this path")
        response.headers.update(counted)
        return response

    async def _websocket(self, socket: WebSocket) -> None:
        try:
            if not socket.headers.get("origin") and socket.headers.get("sec-fetch-mode"):
                raise ProblemError(403, "a browser says where its page is from")
            self._check_origin(socket)
            if socket.url.path != SOCKET_PATH:
                raise ProblemError(404, "there is nothing at this path")
            address = self._limited(socket)
            caller = await self._authenticate(socket, address)
            self._count(caller)
        except ProblemError as problem:
            await socket.send_denial_response(problem.response(_request_id(socket)))
            return
        await self._serve(socket, Asked(caller, _request_id(socket), address, socket.url.scheme == "wss"))

    def _check_origin(self, asked: HTTPConnection) -> None:
        host, origin = asked.headers.get("host", ""), asked.headers.get("origin", "")
        if not self._hosts.is_known(host):
            raise ProblemError(403, "the Host is none of gateway.allowed_hosts")
        scheme = {"ws": "http", "wss": "https"}.get(asked.url.scheme, asked.url.scheme)
        if origin and not self._hosts.is_ours(origin, host, scheme) and not self._hosts.is_allowed(origin):
            raise ProblemError(403, "the Origin is none of gateway.allowed_origins")

    def _preflight(self, request: Request) -> Response:
        headers = {"Allow": ", ".join(self._verbs(request.scope["raw_path"].decode("ascii", "replace")))}
        if self._hosts.is_allowed(request.headers.get("origin", "")):
            headers |= {
                "Access-Control-Allow-Methods": CORS_METHODS,
                "Access-Control-Allow-Headers": CORS_HEADERS,
                "Access-Control-Max-Age": "600",
            }
        return Response(status_code=204, headers=headers)

    def _limited(self, asked: HTTPConnection) -> str:
        """The client's address. Raises ProblemError when it asks too much."""
        peer = asked.client.host if asked.client else ""
        address = self._proxies.client_of(peer, asked.headers.get("x-forwarded-for", ""))
        key = network_of(address)
        wait = self._limits.take(key)
        if wait:
            policy = (
                f'"address";q={int(self._limits.burst)};w={max(1, int(self._limits.burst / self._limits.per_second))}'
            )
            headers = {"RateLimit-Policy": policy, "RateLimit": f'"address";r=0;t={max(1, round(wait))}'}
            raise ProblemError(429, "this address asks too much: ask again later", (), wait, headers)
        return address


def _request_id(asked: HTTPConnection) -> str:
    given = asked.headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


async def _body(request: Request) -> bytes:
    """Raises ProblemError for one that is too long, before it is read to its end."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise ProblemError(413, f"the body is longer than {MAX_BODY_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


async def _nothing_more() -> Message:
    """What a response asks a client that has said everything."""
    return {"type": "http.disconnect"}
