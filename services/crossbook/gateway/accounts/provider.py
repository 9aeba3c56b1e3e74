"""An OpenID provider as its client sees it: where it is, its keys, and what its ID tokens say.

Believed is only a token that the issuer of the settings has signed, with a key of its own set and no shared secret, for
us, within its time, and for the log-in that asked (its nonce). The keys are fetched again when a token names another.
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
import structlog

from crossbook.plumbing.errors import UnauthenticatedError, UnavailableError
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.settings import OidcSettings

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
CLAIMS = ["iss", "aud", "sub", "exp", "iat", "nonce"]
DISCOVERY = "/.well-known/openid-configuration"
DOCUMENT_SECONDS = 3_600.0
KEYS_PAUSE_SECONDS = 10.0  # between two fetches, however many tokens name keys that nobody knows
LEEWAY_SECONDS = 30  # between its clock and ours
MAX_BYTES = 256 * 1024  # of an answer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asking:
    """One log-in that has begun: what the provider must give back, and what proves that it was us."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """Of one gateway. Everything raises UnavailableError when the provider does not answer as it should."""

    def __init__(
        self, own: OidcSettings, client: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._own = own
        self._client = client
        self._clock = clock
        self._document: Mapping[str, Any] = {}
        self._document_at = self._keys_at = float("-inf")
        self._keys: dict[str, jwt.PyJWK] = {}

    async def address(self, asking: Asking, challenge: str, callback: str) -> str:
        """Where the browser goes to log in."""
        document = await self._known()
        query = {
            "response_type": "code",
            "client_id": self._own.client_id,
            "redirect_uri": callback,
            "scope": " ".join(self._own.scopes),
            "state": asking.state,
            "nonce": asking.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        there = str(document["authorization_endpoint"])
        return f"{there}{'&' if '?' in there else '?'}{urlencode(query)}"

    async def claims(self, code: str, asking: Asking, callback: str) -> dict[str, Any]:
        """What it says of the user. Raises UnauthenticatedError for a code or token that is no good."""
        document = await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "code_verifier": asking.verifier,
            "client_id": self._own.client_id,
        }
        secret = self._own.client_secret_file
        auth = httpx.BasicAuth(self._own.client_id, secret.read_text().strip()) if secret else None
        status, answer = await self._fetch("POST", str(document["token_endpoint"]), data=form, auth=auth)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            log.warning("sign_on_refused", status=status, error=OutsideText.of(answer.get("error", "")))
            raise UnauthenticatedError("the provider does not know this log-in: try again")
        return await self._checked(token, asking)

    async def _checked(self, token: str, asking: Asking) -> dict[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token))
            found: dict[str, Any] = jwt.decode(
                token,
                key,
                ALGORITHMS,
                {"require": CLAIMS},
                audience=self._own.client_id,
                issuer=str(self._document["issuer"]),
                leeway=LEEWAY_SECONDS,
            )
        except jwt.PyJWTError as error:
            log.warning("sign_on_refused", error=type(error).__name__)
            raise UnauthenticatedError("the provider's token is no good: try again") from None
        is_for_others = isinstance(found["aud"], list) and len(found["aud"]) > 1
        is_ours = found.get("azp", None if is_for_others else self._own.client_id) == self._own.client_id
        if not is_ours or not hmac.compare_digest(str(found["nonce"]), asking.nonce):
            log.warning("sign_on_refused", error="another client's" if not is_ours else "another log-in's")
            raise UnauthenticatedError("the provider's token is no good: try again")
        return found

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """That which the header names, fetched anew if it is not known. Raises PyJWTError."""
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError("is none of those that we believe")
        kid = str(header.get("kid", ""))
        if kid not in self._keys and self._clock() - self._keys_at >= KEYS_PAUSE_SECONDS:
            self._keys_at = self._clock()
            _, answer = await self._fetch("GET", str(self._document["jwks_uri"]))
            self._keys = {str(key.key_id or ""): key for key in jwt.PyJWKSet.from_dict(answer).keys}
        found = self._keys.get(kid) or (next(iter(self._keys.values())) if len(self._keys) == 1 and not kid else None)
        if found is None:
            raise jwt.InvalidKeyError("is none of the provider's")
        return found

    async def _known(self) -> Mapping[str, Any]:
        if self._clock() - self._document_at >= DOCUMENT_SECONDS:
            status, found = await self._fetch("GET", f"{self._own.issuer}{DISCOVERY}")
            named = str(found.get("issuer", "")).rstrip("/")
            wanted = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
            if status != 200 or named != self._own.issuer or not all(isinstance(found.get(one), str) for one in wanted):
                log.error("sign_on_provider_unusable", status=status, issuer=OutsideText.of(named))
                raise UnavailableError("the provider of log-ins is not the one of gateway.oidc.issuer")
            self._document, self._document_at = found, self._clock()
        return self._document

    async def _fetch(self, method: str, url: str, **how: Any) -> tuple[int, dict[str, Any]]:
        try:
            async with self._client.stream(method, url, **how) as response:
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise ValueError("is too long")
                found = json.loads(body)
                if not isinstance(found, dict):
                    raise ValueError("is no object")
                return response.status_code, found
        except (httpx.HTTPError, ValueError) as error:
            log.error("sign_on_provider_unreachable", error=type(error).__name__)
            raise UnavailableError("the provider of log-ins does not answer") from None
