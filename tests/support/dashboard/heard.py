"""What a page hears on its socket, as plain protobuf classes read it: nothing of the page's own code is believed."""

from dataclasses import dataclass, field
from typing import Any

from crossbook.pb.v1 import gateway_pb2


@dataclass
class Heard:
    """Frames of all of a page's sockets, in the order in which they came."""

    frames: list[gateway_pb2.ServerFrame] = field(default_factory=list)

    def of(self, payload: str) -> list[gateway_pb2.ServerFrame]:
        """Those that carry it, by its name in the proto."""
        return [frame for frame in self.frames if frame.WhichOneof("payload") == payload]


def listen(page: Any) -> Heard:
    """From now on, until the page is closed."""
    heard = Heard()

    def take(payload: str | bytes) -> None:
        heard.frames.append(gateway_pb2.ServerFrame.FromString(payload if isinstance(payload, bytes) else b""))

    page.on("websocket", lambda socket: socket.on("framereceived", take))
    return heard
