"""A browser's push subscription: RFC 8030, encrypted by RFC 8291 (aes128gcm), signed by RFC 8292 (VAPID).

The push service sees neither text nor key. A record is 4,096 bytes at most, of which 103 are not text. Messages of one
key bear one topic: of those that a browser has not fetched yet, only the last is kept. 404 and 410 mean that the
subscription is gone.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterator
from typing import Any, ClassVar

import http_ece
import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from crossbook.alerts.channels.answer import Answer, outcome_of
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.kind import check_url
from crossbook.alerts.channels.outcome import Failed, Outcome
from crossbook.alerts.channels.parts import cut, utf8_bytes
from crossbook.alerts.channels.sealed import Sealed
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text import Text
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import SECOND_NS, now_ns

MAX_PLAIN_BYTES = 3_993
MAX_TITLE_BYTES = 300
KEPT_SECONDS = 4 * 3600  # by the push service, for a browser that is away
SIGNED_SECONDS = 3600
SIZES = {"p256dh": 65, "auth": 16, "vapid_private_key": 32}
GONE = (404, 410)


class WebPush(Sealed[pb.WebPushChannel]):
    """One notification, which takes the place of the one before of its key."""

    digests: ClassVar[bool] = True
    masked: ClassVar[tuple[str, ...]] = ("url",)
    secrets: ClassVar[tuple[str, ...]] = ("auth", "vapid_private_key")

    def check(self, config: pb.WebPushChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)
        for name, size in SIZES.items():
            if len(_decoded(getattr(config, name))) != size:
                yield FieldViolation(f"{path}.{name}", f"must be base64url of {size} bytes")
        if not _is_point(config.p256dh):
            yield FieldViolation(f"{path}.p256dh", "must be a point of P-256, uncompressed")
        if not _is_scalar(config.vapid_private_key):
            yield FieldViolation(f"{path}.vapid_private_key", "must be a private key of P-256")
        if not config.vapid_subject.startswith(("mailto:", "https://")) or len(config.vapid_subject) > 250:
            yield FieldViolation(f"{path}.vapid_subject", 'must begin with "mailto:" or "https://"')

    async def send(self, config: pb.WebPushChannel, errand: Errand, http: HttpSender) -> Outcome:
        text = errand.text
        headers = {
            "content-encoding": "aes128gcm",
            "ttl": str(KEPT_SECONDS),
            "urgency": "high"
            if text.kind in (pb.ALERT_MESSAGE_KIND_OPENED, pb.ALERT_MESSAGE_KIND_REPEATED)
            else "normal",
            "topic": _tag(text.key),
            **_signature(config),
        }
        content = encrypted(config, payload(text))
        return await http.call(Request("POST", config.url, content, headers, "application/octet-stream"), _read)


def payload(text: Text) -> bytes:
    """What the page's service worker is handed; the body is cut so that all of it fits."""
    fields: dict[str, Any] = {
        "title": cut(text.title, MAX_TITLE_BYTES, utf8_bytes),
        "body": "",
        "tag": _tag(text.key),
        "stage": text.kind_name,
        "ack_url": text.ack_url,
        "timestamp": text.at_ns // 1_000_000,
    }
    room = MAX_PLAIN_BYTES - len(as_json(fields).encode())
    fields["body"] = cut("\n".join(text.lines), room, lambda text: len(as_json(text).encode()) - 2)
    return as_json(fields).encode()


def encrypted(config: pb.WebPushChannel, plain: bytes) -> bytes:
    """For the subscription alone, under a key that is used once."""
    content: bytes = http_ece.encrypt(
        plain,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_decoded(config.p256dh),
        auth_secret=_decoded(config.auth),
        version="aes128gcm",
    )
    return content


def _signature(config: pb.WebPushChannel) -> dict[str, str]:
    url = httpx.URL(config.url)
    claims = {
        "sub": config.vapid_subject,
        "aud": f"{url.scheme}://{url.netloc.decode('ascii')}",
        "exp": now_ns() // SECOND_NS + SIGNED_SECONDS,
    }
    signed = Vapid02.from_raw(config.vapid_private_key.encode()).sign(claims)
    return {"authorization": str(signed["Authorization"])}


def _read(answer: Answer) -> Outcome:
    if answer.status in GONE:
        return Failed(f"HTTP {answer.status}: the subscription is gone", answer.status)
    return outcome_of(answer)


def _tag(key: str) -> str:
    """32 characters of base64url, as a topic may be."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:32].decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_point(text: str) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(text))
    except ValueError:
        return False
    return True


def _is_scalar(text: str) -> bool:
    try:
        ec.derive_private_key(int.from_bytes(_decoded(text), "big"), ec.SECP256R1())
    except ValueError:
        return False
    return True
