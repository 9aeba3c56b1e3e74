"""A request of the web, answered by the RPC that its path means: who may, what it asks, from where, and as JSON.

Which path means what stands in the protos (`google.api.http`), and nowhere else. What a method needs stands there too.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import Request
from starlette.responses import Response

from crossbook._core import RestCall, RestRefusal, Transcoder
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.limits import Limiter
from crossbook.gateway.http.problem import ProblemError, of_error
from crossbook.gateway.rest.audit import Audit
from crossbook.gateway.rest.cache import Cache
from crossbook.pb.v1 import access_pb2
from crossbook.plumbing.access.methods import access_to, methods
from crossbook.plumbing.access.roles import Caller, role_name
from crossbook.plumbing.requests import KNOWN_VENUES

# For how long an answer may be shared, in seconds, by the method's name; others never are.
CACHED_SECONDS = {
    "ListPrices": 0.25,
    "GetSummary": 0.25,
    "GetOverview": 0.25,
    "ListArbitrage": 0.25,
    "ListOpportunities": 0.25,
    "GetStats": 1.0,
    "ListProcesses": 1.0,
    "ListVenueMarkets": 30.0,
    "ListMinuteRows": 1.0,
    "ListSnapshotRows": 1.0,
}
VENUE_FIELD = "{venue}"

log = structlog.get_logger()

Backend = Callable[[str, bytes, Asked], Awaitable[bytes]]
"""Calls a method by its path. Raises AioRpcError and CrossbookError."""
Prepare = Callable[[str, bytes, Request], bytes]
"""The call's request with what only the web knows: a refresh token that is in a cookie."""
Finish = Callable[[str, bytes, Request, Asked], Awaitable[tuple[bytes, dict[str, str]]]]
"""What the web is given of an answer, and headers: a refresh token goes into a cookie."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Every path below /api."""

    transcoder: Transcoder
    backend: Backend
    cache: Cache
    limits: Limiter  # by key and method
    audit: Audit
    prepare: Prepare
    finish: Finish
    seen_venues: Callable[[], set[str]]

    def verbs(self, path: str) -> Sequence[str]:
        """What may be done at a path; none where there is no such path."""
        refusal = self.transcoder.call("OPTIONS", path, "", b"")
        return refusal.verbs if isinstance(refusal, RestRefusal) else ()

    async def answer(self, request: Request, asked: Asked, body: bytes) -> Response:
        """Raises ProblemError, and whatever the backend raises."""
        call = self._call(request, body)
        self._check(call, asked)
        payload = self.prepare(call.method, with_etag(call, request.headers.get("if-match", "")), request)
        access, headers = access_to(call.method), dict[str, str]()
        if access.is_change or access.role == access_pb2.ROLE_PUBLIC:
            answer, headers = await self._uncached(call, payload, request, asked)
        else:
            name = call.method.rpartition("/")[2]
            seconds = CACHED_SECONDS.get(name, 0.0)
            answer = await self.cache.get(
                (call.method, payload), seconds, lambda: self.backend(call.method, payload, asked)
            )
            headers["Cache-Control"] = f"private, max-age={int(seconds)}"
        text = self.transcoder.to_json(methods()[call.method].output_type.full_name, answer)
        return _response(request, text, headers)

    async def _uncached(
        self, call: RestCall, payload: bytes, request: Request, asked: Asked
    ) -> tuple[bytes, dict[str, str]]:
        """What changes something, or makes somebody known: told to the audit log whatever comes of it."""
        is_change = access_to(call.method).is_change
        try:
            answer = await self.backend(call.method, payload, asked)
            answer, headers = await self.finish(call.method, answer, request, asked)
        except Exception as error:
            if is_change:
                await self.audit.note(call.method, payload, asked, str(of_error(error).status))
            raise
        if is_change:
            self.cache.clear()
            await self.audit.note(call.method, payload, asked, "OK")
        return answer, {"Cache-Control": "no-store", **headers}

    def _call(self, request: Request, body: bytes) -> RestCall:
        verb = "GET" if request.method == "HEAD" else request.method
        path, query = request.scope["raw_path"].decode("ascii", "replace"), request.scope["query_string"]
        call = self.transcoder.call(verb, path, query.decode("ascii", "replace"), body)
        if isinstance(call, RestRefusal):
            raise _refused(call)
        if VENUE_FIELD in call.pattern:
            venue = path.split("/")[call.pattern.split("/").index(VENUE_FIELD)]
            if venue not in KNOWN_VENUES and venue not in self.seen_venues():
                raise ProblemError(404, f"{venue[:40]!r} is no venue: {', '.join(sorted(KNOWN_VENUES))}")
        return call

    def _check(self, call: RestCall, asked: Asked) -> None:
        """Whether the caller may, and may now."""
        may_call(asked.caller, call.method)
        who = asked.caller.credential or asked.address
        wait = self.limits.take(f"{who} {call.method}")
        if wait:
            headers = {"RateLimit-Policy": f'"method";q={int(self.limits.burst)};w=4', "RateLimit": '"method";r=0'}
            raise ProblemError(429, "this method is asked too often: ask again later", (), wait, headers)


def may_call(caller: Caller, method: str) -> None:
    """Raises ProblemError unless the caller may call `package.Service/Method`."""
    needed = access_to(method).role
    if caller.may(needed) and (not caller.methods or method in caller.methods):
        return
    if caller.role == access_pb2.ROLE_UNSPECIFIED or not caller.credential:
        headers = {"WWW-Authenticate": 'Bearer realm="crossbook"'}
        raise ProblemError(401, f"this needs the role {role_name(needed)}: show a token or key", (), None, headers)
    raise ProblemError(403, f"this needs the role {role_name(needed)}, and {asked_as(caller)}")


def asked_as(caller: Caller) -> str:
    """Who the caller is, in words for the caller."""
    return f"{caller.principal} is {role_name(caller.role)}"


def with_etag(call: RestCall, if_match: str) -> bytes:
    """The request with the etag of If-Match, where the method's body has one."""
    if not if_match:
        return call.payload
    request: Message = GetMessageClass(methods()[call.method].input_type)()
    request.ParseFromString(call.payload)
    for field, value in request.ListFields():
        if field.message_type is not None and "etag" in field.message_type.fields_by_name and not field.is_repeated:
            value.etag = if_match.strip().removeprefix("W/").strip('"')
    return request.SerializeToString()


def _refused(refusal: RestRefusal) -> ProblemError:
    if refusal.violations:
        return ProblemError(400, "; ".join(f"{n}: {text}" for n, text in refusal.violations), tuple(refusal.violations))
    if refusal.verbs:
        return ProblemError(
            405, f"this path takes {', '.join(refusal.verbs)}", headers={"Allow": ", ".join(refusal.verbs)}
        )
    return ProblemError(404, "there is no such path below /api; /docs lists them")


def _response(request: Request, text: bytes, headers: dict[str, str]) -> Response:
    """With a hash of it: who has the same already is told so."""
    etag = f'"{_etag_of(text)}"'
    headers = {"Cache-Control": "no-store", **headers, "ETag": etag}
    if request.method in ("GET", "HEAD") and request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="application/json")


def _etag_of(text: bytes) -> str:
    """A rule's own, so that it can be sent back in If-Match; else a hash."""
    if len(text) < 64 * 1024 and b'"etag":"' in text:
        for value in json.loads(text).values():
            if isinstance(value, dict) and value.get("etag"):
                return str(value["etag"])
    return hashlib.sha256(text).hexdigest()[:32]
