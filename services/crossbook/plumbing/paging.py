"""Page tokens: opaque to the caller, bound to the query they came from, so that no page of another query can follow.

A token is no secret and no capability: its digest guards against mistakes, not against forgery, and whoever may ask for
a page may ask for any.
"""

import base64
import binascii
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from google.protobuf.message import Message

from crossbook.plumbing.errors import InvalidRequestError

Position = list[str | int | float | None]
DIGEST_BYTES = 12


async def pages(
    ask: Callable[..., Awaitable[Any]],
    request: Any,
    timeout: float,  # noqa: ASYNC109 (gRPC's name)
    most: int | None = None,
) -> AsyncIterator[Any]:
    """Answers to a request, `most` at most, each asked for when it is taken; the request's page_token goes along."""
    for _ in itertools.count() if most is None else range(most):
        answer = await ask(request, timeout=timeout)
        request.page_token = answer.next_page_token
        yield answer
        if not answer.next_page_token:
            return


def query_fingerprint(request: Message) -> bytes:
    """What a request asks for, whatever its page: every field apart from page_size and page_token."""
    query = type(request)()
    query.CopyFrom(request)
    query.ClearField("page_token")
    query.ClearField("page_size")
    return type(request).DESCRIPTOR.full_name.encode() + b"\n" + query.SerializeToString(deterministic=True)


def page_limit(page_size: int, default: int, maximum: int) -> int:
    """Rows to return; raises InvalidRequestError naming page_size."""
    if not 0 <= page_size <= maximum:
        raise InvalidRequestError.of("page_size", f"must be 1 to {maximum}, or 0 for {default}; it is {page_size}")
    return page_size or default


def encode_token(fingerprint: bytes, position: Position) -> str:
    """The token of the page that follows `position`, the sort key of the last row given out."""
    payload = json.dumps(position, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(fingerprint, payload) + payload).decode().rstrip("=")


def decode_token(fingerprint: bytes, token: str) -> Position | None:
    """The position in the token, None for the first page; raises InvalidRequestError naming page_token."""
    if not token:
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("is not a page token") from None
    digest, payload = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    if digest != _digest(fingerprint, payload):
        raise _invalid("belongs to another query: repeat the request that it came from, with only page_size changed")
    position: Position = json.loads(payload)
    return position


def _digest(fingerprint: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(fingerprint + b"\n" + payload).digest()[:DIGEST_BYTES]


def _invalid(description: str) -> InvalidRequestError:
    return InvalidRequestError.of("page_token", description)
