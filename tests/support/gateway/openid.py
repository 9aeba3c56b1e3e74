"""An OpenID provider whose tokens a test forges: discovery, keys and tokens over a real port.

Who logs in there does so at once: a test takes what the browser was sent with, and gives the code back itself.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm

CLIENT, SECRET = "crossbook", "of the client"


class OpenIdProvider:
    """`claims` are of whoever logs in next; `sign` makes the token of them, as a good provider would."""

    def __init__(self) -> None:
        self.issuer = ""
        self.named_issuer: str | None = None
        self.claims: dict[str, Any] = {}
        self.challenge = ""
        self.keys: dict[str, EllipticCurvePrivateKey] = {}
        self.key_fetches = 0
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.rotate("first")

    def rotate(self, kid: str) -> None:
        """It signs with a new key, and knows no other."""
        self.keys = {kid: generate_private_key(SECP256R1())}

    def signed(self, claims: dict[str, Any]) -> str:
        """With the present key."""
        kid, key = next(iter(self.keys.items()))
        return jwt.encode(claims, key, "ES256", {"kid": kid})

    def document(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.named_issuer or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def key_set(self) -> dict[str, Any]:
        """Public halves."""
        self.key_fetches += 1
        of = {kid: ECAlgorithm.to_jwk(key.public_key(), as_dict=True) for kid, key in self.keys.items()}
        return {"keys": [{**one, "kid": kid, "alg": "ES256", "use": "sig"} for kid, one in of.items()]}

    def token(self, form: dict[str, list[str]], authorization: str) -> tuple[int, dict[str, Any]]:
        """For a code, from the client that began with the challenge of its verifier."""
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        is_client = base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        if not is_client or base64.urlsafe_b64encode(digest).decode().rstrip("=") != self.challenge:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "ann", "iat": now, "exp": now + 60, **self.claims}
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self.sign(claims)}


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """Listens until the end of the block."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {"/.well-known/openid-configuration": provider.document, "/keys": provider.key_set}.get(self.path)
            self._answer(*((200, found()) if found else (404, {})))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            self._answer(*provider.token(form, self.headers.get("authorization", "")))

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
