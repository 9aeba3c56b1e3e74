"""A push service and the browser behind it: the service checks what it may see, the browser what it alone can read."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import Face, Refused
from tests.support.alerts.receiver import Answer, Received

PATH = "/push/v1/secret"
MOST_BYTES = 4096


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class WebPushFace(Face):
    """RFC 8030, 8291 and 8292."""

    browser: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    server: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"
    payloads: list[dict[str, Any]] = field(default_factory=list)
    origin: str = ""

    def channel(self, url: str) -> pb.WebPushChannel:
        """What the browser would hand to a page, and the page's key."""
        self.origin = url.removesuffix(PATH)
        return pb.WebPushChannel(
            url=url,
            p256dh=encoded(_point(self.browser)),
            auth=encoded(self.auth),
            vapid_private_key=encoded(self.server.private_numbers().private_value.to_bytes(32, "big")),
            vapid_subject="mailto:desk@example.com",
        )

    def take(self, received: Received) -> Answer:
        headers = received.headers
        if received.path != PATH:
            raise Refused(410, "push subscription has unsubscribed or expired")
        if headers.get("content-encoding") != "aes128gcm" or not headers.get("ttl", "").isdigit():
            raise Refused(400, "missing headers")
        if headers.get("urgency") not in ("very-low", "low", "normal", "high") or len(headers.get("topic", "")) > 32:
            raise Refused(400, "invalid headers")
        if len(received.body) > MOST_BYTES:
            raise Refused(413, "payload too large")
        self._check_signature(headers.get("authorization", ""))
        plain = http_ece.decrypt(received.body, private_key=self.browser, auth_secret=self.auth, version="aes128gcm")
        found = json.loads(plain)
        self.payloads.append(found)
        self.seen.append(f"{found['title']}\n{found['body']}")
        return Answer(201, {"location": "/m/1"})

    def _check_signature(self, header: str) -> None:
        if not header.startswith("vapid "):
            raise Refused(401, "no VAPID")
        fields = dict(item.strip().split("=", 1) for item in header.removeprefix("vapid ").split(","))
        head, claims, signature = fields["t"].split(".")
        if _decoded(fields["k"]) != _point(self.server):
            raise Refused(403, "another application server's key")
        raw = _decoded(signature)
        number = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        self.server.public_key().verify(number, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        told = json.loads(_decoded(claims))
        if told["aud"] != self.origin or not time.time() < told["exp"] <= time.time() + 24 * 3600 or not told["sub"]:
            raise Refused(403, "claims that do not hold here")


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(serialization.Encoding.X962, form)
