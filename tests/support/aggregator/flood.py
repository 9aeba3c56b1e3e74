"""A stream of quotes as fast as an aggregator takes it: large batches, all of one moment, known by their prices."""

from typing import Any

import grpc

from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest, IngestQuotesResponse
from crossbook.pb.v1.market_pb2 import BookState, Instrument, QuoteBatch, SymbolEntry
from tests.support.aggregator.buffering_tracker import METHOD

TIME_NS = 1_750_000_000_000_000_000


class Flood:
    """Feeds one venue: every batch has so many rounds of one quote per instrument, with its number as their bid."""

    def __init__(self, channel: grpc.aio.Channel, venue: str, instruments: int, rounds: int) -> None:
        self.venue = venue
        self.instruments = instruments
        self.rows = instruments * rounds
        self.sequence = 0
        self.bytes_sent = 0
        self._indexes = list(range(instruments)) * rounds
        self._call: Any = channel.stream_stream(METHOD, response_deserializer=IngestQuotesResponse.FromString)()

    async def __aenter__(self) -> "Flood":
        entries = [SymbolEntry(index=index, instrument=self._instrument(index)) for index in range(self.instruments)]
        hello = IngestHello(venue=self.venue, stream_id="flood", oldest_sequence=1, symbols=entries)
        await self._call.write(IngestQuotesRequest(hello=hello).SerializeToString())
        assert (await self._call.read()).resume.next_sequence == 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()

    @property
    def quotes(self) -> int:
        """Sent so far."""
        return self.sequence * self.rows

    async def send(self, batches: int) -> None:
        """At the pace of the aggregator's flow control."""
        for _ in range(batches):
            self.sequence += 1
            payload = IngestQuotesRequest(batch=self._batch()).SerializeToString()
            self.bytes_sent += len(payload)
            await self._call.write(payload)

    def _batch(self) -> QuoteBatch:
        return QuoteBatch(
            venue=self.venue,
            stream_id="flood",
            sequence=self.sequence,
            watermark_ns=TIME_NS,
            symbol_index=self._indexes,
            receive_ns=[TIME_NS] * self.rows,
            exchange_ns=[0] * self.rows,
            bid=[float(self.sequence)] * self.rows,
            bid_size=[1.0] * self.rows,
            ask=[self.sequence + 1.0] * self.rows,
            ask_size=[1.0] * self.rows,
            state=bytes([BookState.BOOK_STATE_LIVE]) * self.rows,
        )

    def _instrument(self, index: int) -> Instrument:
        return Instrument(
            venue=self.venue,
            symbol=f"COIN{index}/USDT:USDT",
            native_symbol=f"COIN{index}USDT",
            asset=f"COIN{index}",
            asset_scale=1.0,
            quote_currency="USDT",
            settle_currency="USDT",
            contract_size=1.0,
        )
