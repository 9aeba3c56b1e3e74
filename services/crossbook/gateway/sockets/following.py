"""What the streams of events that sockets share have in common: how they are followed, what is kept, who is told."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

import structlog

from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Event, Subscription
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.follow import Link, Loss

BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS = 0.2, 3.0

T = TypeVar("T")

log = structlog.get_logger()


async def follow_in_turn(
    targets: Sequence[str], read: Callable[[str, Link], Awaitable[Loss | None]], lost: str
) -> None:
    """Endless: reads from one target after another; `lost` is what the log says of a loss that is news."""
    link, turn = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS), 0
    while True:
        loss = await link.live(read(targets[turn % len(targets)], link))
        turn += 1
        if loss.is_news:
            log.warning(lost, reason=loss.reason)
        await link.pause()


class Kept(Generic[T]):
    """The latest by their tokens, the newest last; no more than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, T] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._kept)

    def __contains__(self, token: str) -> bool:
        return token in self._kept

    def add(self, token: str, one: T) -> bool:
        """Whether it was not there already."""
        if token in self._kept:
            return False
        self._kept[token] = one
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return True

    def after(self, token: str) -> list[T]:
        """What came behind one that is there, oldest first; looked for from the newest on, which it mostly is near."""
        found: list[T] = []
        for one in reversed(self._kept):
            if one == token:
                break
            found.append(self._kept[one])
        return found[::-1]


def tell(
    sockets: Iterable[Socket],
    channel: pb.Channel.ValueType,
    is_wanted: Callable[[Subscription], bool],
    make: Callable[[], Event],
) -> None:
    """Every subscription of the channel that wants it; it is made once, and only if there is one."""
    event = None
    for socket in sockets:
        for subscription in socket.subscriptions.values():
            if subscription.asked.channel == channel and is_wanted(subscription):
                event = event or make()
                subscription.put_event(event)
                socket.wake()
