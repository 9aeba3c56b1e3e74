"""One venue's outgoing stream to one shard: outbox, batches, and an uplink that follows the shard's address."""

import asyncio

import grpc

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.tracker.feed.session import Session
from crossbook.tracker.outgoing.batcher import Batcher
from crossbook.tracker.outgoing.outgoing import Kept, Outgoing
from crossbook.tracker.outgoing.uplink import Uplink


class Lane:
    """Sequences, symbol numbers and acknowledgements of its own; the feed deals out the quotes."""

    def __init__(self, session: Session, shard: str, target: str, outgoing: Outgoing, kept: Kept) -> None:
        self.shard = shard
        self.is_leaving = False  # its shard is no longer listed
        self.kept = kept
        self.outbox = outbox = kept.outbox
        self.uplink = Uplink(
            session.venue,
            shard,
            outbox,
            lambda oldest: session.feed.hello(shard, oldest),
            lambda: session.on_quotes_missing(shard),
        )
        self.batcher = Batcher(session, shard, outbox, outgoing.pace, self.uplink.notify)
        self._channels = outgoing.channels
        self._target = target
        self._is_redirected = asyncio.Event()

    async def run(self) -> None:
        """Keeps the stream open until the uplink is told to finish."""
        while True:
            self._is_redirected.clear()
            async with self._channels.leased(self._target) as channel:
                streaming = asyncio.ensure_future(self._send(channel))
                redirected = asyncio.ensure_future(self._is_redirected.wait())
                try:
                    await asyncio.wait((streaming, redirected), return_when=asyncio.FIRST_COMPLETED)
                    if streaming.done():
                        return streaming.result()
                finally:
                    redirected.cancel()
                    streaming.cancel()
                    await asyncio.wait((streaming,))

    async def _send(self, channel: grpc.aio.Channel) -> None:
        """What earlier streams have left, and then its own."""
        await self.kept.remains.send(channel)
        await self.uplink.run(channel)

    def redirect(self, target: str) -> None:
        """Its shard listens there now."""
        if target != self._target:
            self._target = target
            self._is_redirected.set()

    def is_settled(self, from_ns: int) -> bool:
        """Whether its shard has committed everything from before this moment.

        The acknowledged batches are a beginning of the stream, and no watermark passes the moment of a move before the
        instruments that leave have been told: so the oldest batch that is held says it.
        """
        oldest = self.outbox.get(self.outbox.oldest_sequence)
        return oldest is not None and _watermark_ns(oldest.payload) > from_ns


def _watermark_ns(payload: bytes) -> int:
    return IngestQuotesRequest.FromString(payload).batch.watermark_ns
