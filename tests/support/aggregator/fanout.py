"""The aggregator's side of SubscribeQuoteBatches, for tests of what follows it: batches as a real one sends them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from crossbook._core import LIVE
from crossbook.pb.v1.aggregator_pb2 import SubscribeQuoteBatchesResponse
from crossbook.pb.v1.market_pb2 import Instrument, QuoteBatch, SymbolEntry
from crossbook.plumbing.timestamps import now_ns

METHOD = "SubscribeQuoteBatches"


@dataclass(frozen=True)
class Tick:
    """A quote of one venue's instrument of an asset."""

    venue: str
    bid: float
    ask: float
    asset: str = "BTC"
    size: float = 10.0
    state: int = LIVE
    quote_currency: str = "USDT"
    taker_fee_percent: float | None = 0.05
    receive_ns: int | None = None  # now


def instrument(tick: Tick) -> Instrument:
    """The instrument that a tick is of."""
    return Instrument(
        venue=tick.venue,
        symbol=f"{tick.asset}/{tick.quote_currency}:{tick.quote_currency}",
        native_symbol=f"{tick.asset}{tick.quote_currency}",
        asset=tick.asset,
        asset_scale=1.0,
        quote_currency=tick.quote_currency,
        settle_currency=tick.quote_currency,
        contract_size=1.0,
        taker_fee_percent=tick.taker_fee_percent,
    )


def payload(*ticks: Tick, stream_id: str = "fanout", sequence: int = 1) -> bytes:
    """One message of the stream. Every symbol is introduced anew, which a reader must bear."""
    numbers: dict[tuple[str, str], SymbolEntry] = {}
    for tick in ticks:
        key = (tick.venue, tick.asset)
        numbers.setdefault(key, SymbolEntry(index=_number(key), instrument=instrument(tick)))
    usable = [tick if tick.state == LIVE else Tick(tick.venue, 0, 0, size=0) for tick in ticks]
    batch = QuoteBatch(
        stream_id=stream_id,
        sequence=sequence,
        watermark_ns=now_ns(),
        symbols=numbers.values(),
        symbol_index=[numbers[tick.venue, tick.asset].index for tick in ticks],
        receive_ns=[now_ns() if tick.receive_ns is None else tick.receive_ns for tick in ticks],
        exchange_ns=[0] * len(ticks),
        bid=[tick.bid for tick in usable],
        bid_size=[tick.size for tick in usable],
        ask=[tick.ask for tick in usable],
        ask_size=[tick.size for tick in usable],
        state=bytes(tick.state for tick in ticks),
    )
    return SubscribeQuoteBatchesResponse(batch=batch).SerializeToString()


_NUMBERS: dict[tuple[str, str], int] = {}


def _number(key: tuple[str, str]) -> int:
    return _NUMBERS.setdefault(key, len(_NUMBERS))


class Fanout:
    """A server that sends what the test tells it to every subscriber, each through a stream of its own."""

    def __init__(self) -> None:
        self.port = 0
        self.subscriptions = 0
        self._streams: set[asyncio.Queue[bytes | None]] = set()

    def send(self, *ticks: Tick) -> None:
        """Sends one batch to all."""
        self.send_raw(payload(*ticks))

    def send_raw(self, message: bytes) -> None:
        """Sends bytes to all."""
        for stream in self._streams:
            stream.put_nowait(message)

    def cut(self) -> None:
        """Ends every stream."""
        for stream in self._streams:
            stream.put_nowait(None)

    @property
    def connected(self) -> int:
        """Streams open now."""
        return len(self._streams)

    async def serve(self, request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]") -> AsyncIterator[bytes]:
        """The RPC."""
        stream: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._streams.add(stream)
        self.subscriptions += 1
        try:
            await context.send_initial_metadata(())
            while (message := await stream.get()) is not None:
                yield message
        finally:
            self._streams.discard(stream)


@asynccontextmanager
async def running_fanout(port: int = 0) -> AsyncIterator[Fanout]:
    """Serves it on 127.0.0.1 until the end of the block."""
    fanout = Fanout()
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(fanout.serve)
    handler = grpc.method_handlers_generic_handler("crossbook.v1.AggregatorService", {METHOD: method})
    server.add_generic_rpc_handlers((handler,))
    fanout.port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield fanout
    finally:
        await server.stop(None)
