"""Follows one shard's quotes: a stream of columnar batches, opened again and again for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

import grpc
import structlog

from crossbook._core import PayloadError
from crossbook.arbitrage.live import LiveScan
from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.retry import Redial

METHOD = "/crossbook.v1.AggregatorService/SubscribeQuoteBatches"
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0

log = structlog.get_logger()

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
        self.is_connected = False
        self._live = live
        self._on_change = on_change
        self._redial = Redial(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
        self._is_told_away = False
        self._log = log.bind(shard=source.shard, target=source.target)

    async def run(self) -> None:
        """Follows until cancelled."""
        async with open_channel(self.source.target) as channel:
            while True:
                await self._follow(channel)
                await asyncio.sleep(self._redial.wait_seconds())

    async def _follow(self, channel: grpc.aio.Channel) -> None:
        """One stream from its opening to its loss."""
        subscribe: Subscribe = channel.unary_stream(
            METHOD, request_serializer=aggregator_pb2.SubscribeQuoteBatchesRequest.SerializeToString
        )
        call = subscribe(aggregator_pb2.SubscribeQuoteBatchesRequest())
        number = self.source.number
        try:
            await call.wait_for_connection()
            await self._set_connected()
            async for payload in call:
                self._live.on_batch(payload, number)
            reason = "the aggregator ended the stream"
        except grpc.aio.AioRpcError as error:
            reason = f"{error.code().name}: {error.details()}"
        except PayloadError as error:
            reason = f"a batch does not decode: {error}"  # what it said is lost; a new stream begins with everything
        finally:
            call.cancel()
            is_lost = self.is_connected
            if is_lost:
                self.is_connected = False
                self._live.on_disconnected(number)
        if is_lost or not self._is_told_away:
            self._is_told_away = True
            self._log.warning("aggregator_lost" if is_lost else "aggregator_unreachable", reason=reason)
            await self._on_change()

    async def _set_connected(self) -> None:
        self._redial.opened()
        self.is_connected = True
        self._log.info("aggregator_connected")
        await self._on_change()
