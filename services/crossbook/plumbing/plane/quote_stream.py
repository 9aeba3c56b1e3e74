"""Follows a shard: the plane takes its batches into a scan or a board, and dials again for as long as it takes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from google.protobuf.duration_pb2 import Duration

from crossbook._core import FollowedStream, PayloadError, QuoteBoard, SharedScan, WallClock
from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.follow import Link, Loss
from crossbook.plumbing.plane.dialing import dial_rules, loss_of
from crossbook.plumbing.plane.thread import PlaneThread

BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0
# No least time between two batches: the core takes one in some microseconds.
REQUEST = aggregator_pb2.SubscribeQuoteBatchesRequest(min_interval=Duration()).SerializeToString()
DEEP_REQUEST = aggregator_pb2.SubscribeQuoteBatchesRequest(min_interval=Duration(), with_depth=True).SerializeToString()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Source:
    """One shard's stream: its name and target, and its number where its quotes go, of no other stream there."""

    shard: str
    target: str
    number: int


class QuoteWatch:
    """The client side of SubscribeQuoteBatches."""

    def __init__(
        self,
        source: Source,
        into: SharedScan | QuoteBoard,
        wall: WallClock,
        plane: PlaneThread,
        on_change: Callable[[], Awaitable[None]],
    ) -> None:
        self.source = source
        self._into = into
        self._wall = wall
        self._plane = plane
        self._on_change = on_change
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
        self._log = log.bind(shard=source.shard, target=source.target)

    @property
    def is_connected(self) -> bool:
        """Whether the stream is up."""
        return self._link.is_open

    async def run(self) -> None:
        """Follows until cancelled."""
        while True:
            loss = await self._link.live(self._read())
            if loss.is_news:
                self._log.warning("aggregator_lost" if loss.was_open else "aggregator_unreachable", reason=loss.reason)
                await self._on_change()
            await self._link.pause()

    async def _read(self) -> Loss | None:
        """One stream from its opening to its loss."""
        stream = self._dial()
        try:
            with self._plane.listen(stream.bell) as news:
                while (end := stream.end) is None:
                    if stream.is_open and not self.is_connected:
                        await self._set_connected()
                    await news.wait()
                    news.clear()
        except PayloadError as error:  # what the batch said is lost; a new stream begins with everything
            return Loss(f"a batch does not decode: {error}")
        finally:
            stream.stop()
        return loss_of(*end)

    def _dial(self) -> FollowedStream:
        return self._plane.core.follow_quotes(
            self.source.target,
            DEEP_REQUEST if isinstance(self._into, SharedScan) else REQUEST,  # a board shows tops alone
            self._into,
            self.source.number,
            self._wall,
            dial_rules(),
        )

    async def _set_connected(self) -> None:
        self._link.opened()
        self._log.info("aggregator_connected")
        await self._on_change()
