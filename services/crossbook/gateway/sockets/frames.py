"""Frames of the WebSocket as bytes: a small head, and a body that is taken as it comes, encoded by whoever made it.

The oneof of a ServerFrame is a field like any other on the wire, so head and body are joined without being decoded.
"""

from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.gateway_pb2 import ServerFrame

_TAGS = {
    name: ServerFrame.DESCRIPTOR.fields_by_name[name].number << 3 | 2
    for name in (
        "welcome",
        "heartbeat",
        "problem",
        "quotes",
        "opportunities",
        "alert",
        "health",
        "log",
        "summary",
        "subscribed",
    )
}


def joined(head: ServerFrame, kind: str, body: bytes) -> bytes:
    """The frame of a head and an encoded message of that kind."""
    return b"".join((head.SerializeToString(), _varint(_TAGS[kind]), _varint(len(body)), body))


def problem(subscription: int, code: str, message: str) -> bytes:
    """What was wrong with what a client said."""
    return ServerFrame(subscription=subscription, problem=pb.Problem(code=code, message=message)).SerializeToString()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
