"""A face's client without a socket: what the face sends reaches the feed at once, in virtual time."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from crossbook.simulator.wire.session import Session

OnFrame = Callable[[bytes, bool], None]


class Pong:
    """A ping that was answered at once."""

    def done(self) -> bool:
        return True


class Line:
    """What a face does to a connection besides sending."""

    def __init__(self) -> None:
        self.is_closed = False

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.is_closed = True

    async def ping(self) -> Pong:
        return Pong()


class Wire(Session):
    """One connection between a face and a feed."""

    def __init__(
        self, path: str, query: dict[str, str], now_ns: int, on_frame: OnFrame, headers: Mapping[str, str]
    ) -> None:
        self.line = Line()
        super().__init__(self.line, path, query, now_ns, headers)  # type: ignore[arg-type]
        self._on_frame = on_frame

    def send_frame(self, frame: bytes) -> None:
        """Unwraps the frame and hands it over; a client that was cut off hears nothing."""
        if not self.line.is_closed:
            length = frame[1]
            start = 2 if length < 126 else 4 if length == 126 else 10
            self._on_frame(frame[start:], frame[0] == 0x81)

    def abort(self) -> None:
        self.line.is_closed = True


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Runs what a face does asynchronously; here it has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise RuntimeError("a face waited for something in a test without an event loop")
