"""What of accounts is the web's own: who shows what, and the refresh token in a cookie that no page can read.

The cookie is sent to /api/auth alone, by pages of ours alone, and its name has the port in it, for cookies do not know
ports. A page that is not ours cannot use it: these paths want POST, and what a browser says of where a request is from.
"""

from http.cookies import SimpleCookie

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import HTTPConnection, Request

from crossbook.gateway.accounts.keeper import AccessKeeper
from crossbook.gateway.accounts.service import SERVICE_NAME
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.problem import ProblemError
from crossbook.plumbing.access.methods import methods
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.errors import UnauthenticatedError

BEARER_PROTOCOL = "crossbook.bearer."
COOKIE_PATH = "/api/auth"
GRANTING = {f"{SERVICE_NAME}/{name}" for name in ("ExchangeCode", "Login", "RefreshSession")}
OF_COOKIE = {f"{SERVICE_NAME}/{name}" for name in ("RefreshSession", "Logout")}
FROM_HERE = ("same-origin", "none", "")


class WebAccess:
    """Of one gateway."""

    def __init__(self, keeper: AccessKeeper, anybody: Caller, session_seconds: float) -> None:
        self._keeper = keeper
        self._anybody = anybody
        self._session_seconds = int(session_seconds)

    async def authenticate(self, asked: HTTPConnection, address: str) -> Caller:
        """Who calls. Raises ProblemError."""
        shown = _shown(asked)
        return self._anybody if shown is None else await self.check(shown, address)

    async def check(self, shown: str, address: str) -> Caller:
        """Who shows a token or a key. Raises ProblemError, which says the same whatever is wrong."""
        try:
            return self._keeper.caller(shown, address)
        except UnauthenticatedError as error:
            raise ProblemError(401, str(error), headers={"WWW-Authenticate": 'Bearer realm="crossbook"'}) from None

    def prepare(self, method: str, payload: bytes, request: Request) -> bytes:
        """The request with the refresh token of the cookie."""
        if method not in OF_COOKIE:
            return payload
        if request.headers.get("sec-fetch-site", "") not in FROM_HERE:
            raise ProblemError(403, "only our own pages may ask this")
        message = GetMessageClass(methods()[method].input_type).FromString(payload)
        cookie: SimpleCookie = SimpleCookie()
        cookie.load(request.headers.get("cookie", "")[:4096])
        held = cookie.get(_name(request))
        if held is not None and not message.refresh_token:  # type: ignore[attr-defined]
            message.refresh_token = held.value  # type: ignore[attr-defined]
        return message.SerializeToString()

    async def finish(self, method: str, answer: bytes, request: Request, asked: Asked) -> tuple[bytes, dict[str, str]]:
        """The answer without its refresh token, which goes into the cookie."""
        if method not in GRANTING and method not in OF_COOKIE:
            return answer, {}
        message: Message = GetMessageClass(methods()[method].output_type).FromString(answer)
        token = ""
        if method in GRANTING:
            token = message.session.refresh_token  # type: ignore[attr-defined]
            message.session.refresh_token = ""  # type: ignore[attr-defined]
        return message.SerializeToString(), {"Set-Cookie": self.cookie(request, asked, token)}

    def cookie(self, request: Request, asked: Asked, token: str) -> str:
        """Holds the refresh token; without one it is taken away."""
        parts = [f"{_name(request)}={token}", f"Path={COOKIE_PATH}", "HttpOnly", "SameSite=Strict"]
        parts += [f"Max-Age={self._session_seconds if token else 0}"]
        return "; ".join([*parts, *(["Secure"] if asked.is_https else [])])


def _shown(asked: HTTPConnection) -> str | None:
    """Of a header; of a WebSocket, which has none, of a subprotocol. Never of an address."""
    kind, _, value = asked.headers.get("authorization", "").partition(" ")
    if kind:
        if kind.lower() != "bearer":
            raise ProblemError(401, "authorization is Bearer and a token or key")
        return value.strip()
    offered = asked.scope.get("subprotocols") or ()
    return next((one.removeprefix(BEARER_PROTOCOL) for one in offered if one.startswith(BEARER_PROTOCOL)), None)


def _name(request: Request) -> str:
    secure = "__Secure-" if request.url.scheme == "https" else ""
    return f"{secure}crossbook-{request.url.port or (443 if secure else 80)}"
