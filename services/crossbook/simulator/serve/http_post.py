"""A WebSocket server's connection that also takes the small POST bodies of the control endpoint.

The library parses requests without a body only. A POST is collected whole, and its body handed on as a query parameter.
"""

from urllib.parse import quote

from websockets.asyncio.server import ServerConnection

MAX_BODY_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024
_NO_BODY = (b"content-length:", b"transfer-encoding:", b"content-type:")


class PostConnection(ServerConnection):
    """See the module."""

    _collected: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        """Called by the transport."""
        if self._collected is None:
            super().data_received(data)
            return
        self._collected += data
        is_post = b"POST ".startswith(self._collected[:5])
        whole = without_body(self._collected) if is_post else self._collected
        if whole is not None:
            self._collected = None
            super().data_received(whole)


def without_body(request: bytes) -> bytes | None:
    """The request with its body moved into `?body=`; None while it is not there entirely, unless it is too long."""
    head, separator, body = request.partition(b"\r\n\r\n")
    if not separator:
        return None if len(request) <= MAX_HEAD_BYTES else request  # which the library then refuses
    lines = head.split(b"\r\n")
    size = next((line.split(b":", 1)[1].strip() for line in lines if line.lower().startswith(b"content-length:")), b"0")
    if not size.isdigit() or int(size) > MAX_BODY_BYTES or len(body) >= int(size):
        body = body[: int(size)] if size.isdigit() else b""
        method, _, rest = lines[0].partition(b" ")
        path, _, protocol = rest.partition(b" ")
        mark = b"&" if b"?" in path else b"?"
        path += mark + b"body=" + quote(body).encode() if body else b""
        kept = [line for line in lines[1:] if not line.lower().startswith(_NO_BODY)]
        return b"\r\n".join([b" ".join((method, path, protocol)), *kept, b"", b""])
    return None
