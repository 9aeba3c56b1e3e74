"""How the plane dials: with the keepalive and the bounds of every channel (plumbing/grpc/channel.py)."""

import grpc

from crossbook._core import DialRules
from crossbook.plumbing.access.certificates import CERTIFICATES
from crossbook.plumbing.access.identity import OWN
from crossbook.plumbing.follow import Loss, status_reason
from crossbook.plumbing.grpc.channel import KEEPALIVE_MS, KEEPALIVE_TIMEOUT_MS, MAX_MESSAGE_BYTES

_STATUSES = {status.value[0]: status for status in grpc.StatusCode}


def dial_rules() -> DialRules:
    """As they are now: what is shown of us may change while we run."""
    shown = CERTIFICATES.now()
    return DialRules(
        connect_timeout_seconds=5.0,
        keepalive_seconds=KEEPALIVE_MS / 1000,
        keepalive_timeout_seconds=KEEPALIVE_TIMEOUT_MS / 1000,
        max_message_bytes=MAX_MESSAGE_BYTES,
        authorization=OWN.authorization(),
        ca=shown.ca,
        identity=shown.identity,
    )


def loss_of(code: int, message: str) -> Loss | None:
    """By the status that ended a stream; None when the other side has ended it well."""
    status = _STATUSES[code]
    return None if status is grpc.StatusCode.OK else Loss(status_reason(status, message), status)
