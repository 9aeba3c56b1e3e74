"""Follows one shard's quotes: a stream of columnar batches, opened again and again for as long as it takes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import grpc
import structlog

from crossbook._core import PayloadError
from crossbook.arbitrage.live import LiveScan
from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.follow import Link, Loss
from crossbook.plumbing.grpc.channel import open_channel

METHOD = "/crossbook.v1.AggregatorService/SubscribeQuoteBatches"
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0

log = structlog.get_logger()

Call: TypeAlias = "grpc.aio.UnaryStreamCall[aggregator_pb2.SubscribeQuoteBatchesRequest, bytes]"
Subscribe: TypeAlias = "grpc.aio.UnaryStreamMultiCallable[aggregator_pb2.SubscribeQuoteBatchesRequest, bytes]"


@dataclass(frozen=True, slots=True)
class Source:
    """One shard's stream: its name and target, and its number at the scanner."""

    shard: str
    target: str
    number: int


class QuoteWatch:
    """The client side of SubscribeQuoteBatches. Payloads go to the scanner as the bytes they came in."""

    def __init__(self, source: Source, live: LiveScan, on_change: Callable[[], Awaitable[None]]) -> None:
        self.source = source
        self._live = live
        self._on_change = on_change
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
        self._log = log.bind(shard=source.shard, target=source.target)

    @property
    def is_connected(self) -> bool:
        """Whether the stream is up."""
        return self._link.is_open

    async def run(self) -> None:
        """Follows until cancelled."""
        async with open_channel(self.source.target) as channel:
            subscribe: Subscribe = channel.unary_stream(
                METHOD, request_serializer=aggregator_pb2.SubscribeQuoteBatchesRequest.SerializeToString
            )
            while True:
                loss = await self._link.live(self._read(subscribe(aggregator_pb2.SubscribeQuoteBatchesRequest())))
                if loss.is_news:
                    self._log.warning(
                        "aggregator_lost" if loss.was_open else "aggregator_unreachable", reason=loss.reason
                    )
                    await self._on_change()
                await self._link.pause()

    async def _read(self, call: Call) -> Loss | None:
        """One stream from its opening to its loss."""
        try:
            await call.wait_for_connection()
            await self._set_connected()
            async for payload in call:
                self._live.on_batch(payload, self.source.number)
        except PayloadError as error:  # what the batch said is lost; a new stream begins with everything
            return Loss(f"a batch does not decode: {error}")
        finally:
            call.cancel()
            if self.is_connected:
                self._live.on_disconnected(self.source.number)
        return None

    async def _set_connected(self) -> None:
        self._link.opened()
        self._log.info("aggregator_connected")
        await self._on_change()
