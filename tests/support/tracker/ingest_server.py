"""A real gRPC server in the aggregator's place: keeps what trackers send; resumes, acknowledges and cuts when told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc
from crossbook.pb.v1.market_pb2 import QuoteBatch, SymbolEntry, VenueHealth
from crossbook.plumbing.grpc.server import SERVER_OPTIONS


@dataclass
class IngestStream:
    """What one venue's tracker has sent so far in its latest stream, over all connections."""

    hellos: list[aggregator_pb2.IngestHello] = field(default_factory=list)
    batches: list[QuoteBatch] = field(default_factory=list)
    healths: list[VenueHealth] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    committed: int = 0
    is_connected: bool = False

    @property
    def sequences(self) -> list[int]:
        """Of all batches, in the order of their coming."""
        return [batch.sequence for batch in self.batches]

    @property
    def symbols(self) -> dict[int, SymbolEntry]:
        """The dictionary, as hellos and batches gave it."""
        entries = [entry for hello in self.hellos for entry in hello.symbols]
        entries += [entry for batch in self.batches for entry in batch.symbols]
        return {entry.index: entry for entry in entries}

    def rows(self, first_batch: int = 0) -> list[tuple[str, float, float, int]]:
        """(asset, bid, ask, state) of each row, from a batch on."""
        assets = {index: entry.instrument.asset for index, entry in self.symbols.items()}
        return [
            (assets[index], batch.bid[row], batch.ask[row], batch.state[row])
            for batch in self.batches[first_batch:]
            for row, index in enumerate(batch.symbol_index)
        ]

    def last_states(self) -> dict[str, int]:
        """Asset to the state of its last row."""
        return {asset: state for asset, _, _, state in self.rows()}

    def last_tops(self) -> dict[str, tuple[float, float]]:
        """Asset to the bid and ask of its last row."""
        return {asset: (bid, ask) for asset, bid, ask, _ in self.rows()}


class IngestServer(aggregator_pb2_grpc.AggregatorServiceServicer):
    """Acknowledges everything at once unless `acknowledges` is off; `restarted` forgets nothing."""

    def __init__(self) -> None:
        self.streams: dict[str, IngestStream] = {}
        self.acknowledges = True
        self.port = 0
        self._server: grpc.aio.Server | None = None

    async def IngestQuotes(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[Any]:
        """The RPC; requests stay bytes so that tests can compare them."""
        hello = aggregator_pb2.IngestQuotesRequest.FromString(await anext(requests)).hello
        stream = self.streams.get(hello.venue)
        if stream is None or stream.hellos[-1].stream_id != hello.stream_id:
            stream = self.streams[hello.venue] = IngestStream()
        stream.hellos.append(hello)
        stream.is_connected = True
        try:
            taken = stream.batches[-1].sequence if stream.batches else 0
            start = max(taken + 1, hello.oldest_sequence)
            resume = aggregator_pb2.ResumePoint(next_sequence=start, are_quotes_missing=start > taken + 1)
            yield aggregator_pb2.IngestQuotesResponse(resume=resume)
            async for payload in requests:
                request = aggregator_pb2.IngestQuotesRequest.FromString(payload)
                if request.HasField("health"):
                    stream.healths.append(request.health)
                    continue
                stream.payloads.append(payload)
                stream.batches.append(request.batch)
                if self.acknowledges:
                    stream.committed = stream.batches[-1].sequence
                    acknowledgement = aggregator_pb2.Acknowledgement(committed_sequence=stream.committed)
                    yield aggregator_pb2.IngestQuotesResponse(acknowledgement=acknowledgement)
        finally:
            stream.is_connected = False

    async def start(self) -> None:
        """Listens, on the same port as before when it was stopped."""
        self._server = grpc.aio.server(options=list(SERVER_OPTIONS))
        handler = grpc.stream_stream_rpc_method_handler(
            self.IngestQuotes,
            request_deserializer=None,
            response_serializer=aggregator_pb2.IngestQuotesResponse.SerializeToString,
        )
        service = grpc.method_handlers_generic_handler("crossbook.v1.AggregatorService", {"IngestQuotes": handler})
        self._server.add_generic_rpc_handlers((service,))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """Cuts every stream."""
        if self._server is not None:
            await self._server.stop(0)


@asynccontextmanager
async def ingest_server() -> AsyncIterator[IngestServer]:
    """Runs on a port of its own."""
    server = IngestServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        await asyncio.sleep(0)
