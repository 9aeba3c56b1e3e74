"""Users of an OpenID provider: a browser is sent there, and comes back with a code that begins a session.

What the browser must bring back stands in a cookie of its own, sealed: so any gateway of the same secrets may finish
what another began, and a log-in that somebody else began is worth nothing in this browser.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crossbook.gateway.accounts.grants import Grants
from crossbook.gateway.accounts.provider import Asking, Provider
from crossbook.gateway.accounts.web import WebAccess
from crossbook.gateway.http.front import Asked
from crossbook.gateway.http.limits import Limiter, network_of
from crossbook.gateway.http.problem import ProblemError
from crossbook.gateway.rest.audit import Audit, AuditRow
from crossbook.pb.v1 import access_pb2
from crossbook.plumbing.access.folder import Secrets
from crossbook.plumbing.access.roles import Role, role_of
from crossbook.plumbing.errors import CrossbookError, ForbiddenError, OverloadedError, UnauthenticatedError
from crossbook.plumbing.settings import OidcSettings

LOGIN_PATH, CALLBACK_PATH = "/api/auth/oidc/login", "/api/auth/oidc/callback"
SIGNED_ON = "/#signed-on"  # tells the page that there is a session now, in a cookie that it cannot see
COOKIE, COOKIE_PATH = "crossbook-oidc", "/api/auth/oidc"
ASKING_SECONDS = 600
MAX_CODE_CHARACTERS, MAX_COOKIE_CHARACTERS, MAX_NAME_CHARACTERS = 4_096, 4_096, 128
_MOST_FIRST = (access_pb2.ROLE_ADMIN, access_pb2.ROLE_OPERATOR, access_pb2.ROLE_TRADER, access_pb2.ROLE_VIEWER)


@dataclass(frozen=True, slots=True)
class SignOn:
    """Of one gateway."""

    own: OidcSettings
    provider: Provider
    secrets: Secrets
    grants: Grants
    web: WebAccess
    audit: Audit
    tries: Limiter  # by address

    async def answer(self, request: Request, asked: Asked) -> Response | None:
        """None for a path that is none of these. Raises ProblemError and CrossbookError."""
        if request.method != "GET" or request.url.path not in (LOGIN_PATH, CALLBACK_PATH):
            return None
        if self.tries.take(network_of(asked.address)):
            raise OverloadedError("too many log-ins were tried from this address: try again in a minute")
        return await (self._begin(asked) if request.url.path == LOGIN_PATH else self._end(request, asked))

    async def _begin(self, asked: Asked) -> Response:
        asking = Asking(*(secrets.token_urlsafe(32) for _ in range(3)))
        digest = hashlib.sha256(asking.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        response = RedirectResponse(await self.provider.address(asking, challenge, self._callback), 302)
        said = [asking.state, asking.nonce, asking.verifier, int(time.time()) + ASKING_SECONDS]
        _keep(response, self.secrets.sealed(json.dumps(said).encode()), asked, ASKING_SECONDS)
        return response

    async def _end(self, request: Request, asked: Asked) -> Response:
        try:
            principal, role = await self._user(request)
        except (CrossbookError, ProblemError) as error:
            await self._note("anonymous", access_pb2.ROLE_UNSPECIFIED, asked, type(error).__name__)
            raise
        grant = await self.grants.begin(principal, role, asked.address)
        await self._note(principal, role, asked, "OK")
        response = RedirectResponse(SIGNED_ON, 303)
        response.headers.append("Set-Cookie", self.web.cookie(request, asked, grant.refresh_token))
        _keep(response, "", asked, 0)
        return response

    async def _user(self, request: Request) -> tuple[str, Role]:
        asking, query = self._asking(request), request.query_params
        if asking is None or not hmac.compare_digest(query.get("state", "").encode(), asking.state.encode()):
            raise ProblemError(400, "this browser has not begun this log-in, or too long ago: begin again")
        code = query.get("code", "")
        if not 0 < len(code) <= MAX_CODE_CHARACTERS:
            raise UnauthenticatedError("the provider has not let this user in")
        claims = await self.provider.claims(code, asking, self._callback)
        role = role_in(claims, self.own)
        name = str(claims.get(self.own.name_claim) or claims["sub"])
        if role is None or not name.isprintable() or len(name) > MAX_NAME_CHARACTERS:
            raise ForbiddenError("this user has no role here: gateway.oidc.roles says who has")
        return f"oidc/{name}", role

    def _asking(self, request: Request) -> Asking | None:
        cookie: SimpleCookie = SimpleCookie()
        cookie.load(request.headers.get("cookie", "")[:MAX_COOKIE_CHARACTERS])
        held = cookie.get(COOKIE)
        said = self.secrets.unsealed(held.value) if held is not None else None
        if said is None:
            return None
        *asking, ends = json.loads(said)
        return Asking(*asking) if time.time() < ends else None

    async def _note(self, principal: str, role: Role, asked: Asked, outcome: str) -> None:
        row = AuditRow(principal, role, asked.address, CALLBACK_PATH, "", outcome, asked.request_id, "{}")
        await self.audit.put(row)

    @property
    def _callback(self) -> str:
        return f"{self.own.public_url}{CALLBACK_PATH}"


def role_in(claims: Mapping[str, Any], own: OidcSettings) -> Role | None:
    """What the provider's claims make of a user; None: nobody."""
    held = {"*", *_values(claims, own.role_claim)}
    roles = {role_of(role) for value, role in own.roles.items() if value in held}
    return next((role for role in _MOST_FIRST if role in roles), None)


def _values(claims: Mapping[str, Any], path: str) -> Iterable[str]:
    """Of the claim of that whole name; else by the names between dots."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list) else [found]
    return [value for value in values if isinstance(value, str) and value != "*"]


def _keep(response: Response, value: str, asked: Asked, seconds: int) -> None:
    """Lax, not Strict: the provider's page is where the browser comes back from."""
    parts = [f"{COOKIE}={value}", f"Path={COOKIE_PATH}", "HttpOnly", "SameSite=Lax", f"Max-Age={seconds}"]
    response.headers.append("Set-Cookie", "; ".join([*parts, *(["Secure"] if asked.is_https else [])]))
    response.headers["Cache-Control"] = "no-store"
