"""What each path of the port is: the API, its document, the pages, a message's link, and whether this process lives."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from crossbook.gateway.accounts.sign_on import SignOn
from crossbook.gateway.acknowledging import PATH as ACKNOWLEDGE
from crossbook.gateway.acknowledging import Acknowledging
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.static import StaticFiles
from crossbook.gateway.rest.rest import Rest
from crossbook.plumbing.grpc.health import ServiceHealth

API, SIGN_ON = "/api/", "/api/auth/oidc/"
READ_ONLY = ("GET", "HEAD")
DOCS = (Path(__file__).parent / "rest/docs.html").read_bytes()


class Web:
    """Deny by default: what is none of these is None, and a page of the dashboard has only GET."""

    def __init__(
        self,
        rest: Rest,
        pages: StaticFiles,
        openapi: bytes,
        health: ServiceHealth,
        sign_on: SignOn | None,
        acknowledging: Acknowledging,
    ) -> None:
        self._rest = rest
        self._pages = pages
        self._openapi = openapi
        self._health = health
        self._sign_on = sign_on
        self._acknowledging = acknowledging

    async def answer(self, request: Request, asked: Asked, body: bytes) -> Response | None:
        """Raises ProblemError, and whatever a backend raises."""
        path = request.url.path
        if path.startswith(SIGN_ON):
            return await self._sign_on.answer(request, asked) if self._sign_on else None
        if path.startswith(API):
            return await self._rest.answer(request, asked, body)
        if path == ACKNOWLEDGE:
            return await self._acknowledging.answer(request, asked, body)
        if request.method not in READ_ONLY:
            return None
        match path:
            case "/healthz":
                return Response("live\n", media_type="text/plain")
            case "/readyz":
                wrong = "\n".join(f"{part}: not well" for part in self._health.reasons)
                return Response(wrong or "ready\n", 503 if wrong else 200, media_type="text/plain")
            case "/openapi.json":
                return Response(self._openapi, media_type="application/json")
            case "/docs":
                return Response(DOCS, media_type="text/html")
        return self._pages.answer(request)
