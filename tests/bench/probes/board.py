"""The board as the gateway reads it: batches in, and at every tick one call that gives each reader its bytes.

Which instruments quote is Zipf's law over all of them; which ones a reader has is chance.
"""

import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from crossbook._core import LIVE, QuoteBoard, QuoteHub, VenueWindows, WallClock
from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest, SubscribeQuoteBatchesResponse
from crossbook.pb.v1.market_pb2 import Instrument, QuoteBatch, SymbolEntry

START_NS = 1_800_000_000_000_000_000
INSTRUMENTS, READERS, ROWS_OF_READER = 4_000, 1_000, 60
QUOTES_PER_S, ROWS_OF_BATCH = 20_000, 20
SECONDS = 2
VENUE = "bench"
EQUAL = "board_1000_equal_readers_percent"


class Board:
    """Its parts are the rows' keys."""

    def __init__(self) -> None:
        chance = random.Random(7)
        weights = [1 / (rank + 1) for rank in range(INSTRUMENTS)]
        rows = chance.choices(range(INSTRUMENTS), weights, k=QUOTES_PER_S * SECONDS)
        starts = range(0, len(rows), ROWS_OF_BATCH)
        known = _batch(1, list(range(INSTRUMENTS)))
        known.symbols.extend(SymbolEntry(index=number, instrument=_instrument(number)) for number in range(INSTRUMENTS))
        self._batches = [
            known,
            *(_batch(2 + at, rows[start : start + ROWS_OF_BATCH]) for at, start in enumerate(starts)),
        ]
        self._symbols = [chance.sample(range(INSTRUMENTS), ROWS_OF_READER) for _ in range(READERS)]

    async def ours(self, part: str) -> Mapping[str, float]:
        """Per cent of a core."""
        board = QuoteBoard(WallClock())
        wanted = [None if part == EQUAL else [(VENUE, f"C{number}") for number in own] for own in self._symbols]
        readers = [board.reader(instruments=instruments) for instruments in wanted]
        payloads = [SubscribeQuoteBatchesResponse(batch=batch).SerializeToString() for batch in self._batches]
        tick_ms = 100 if part == EQUAL else int(part.split("_")[3])
        return {part: _percent(payloads, board.on_batch, lambda: board.deltas(readers), tick_ms)}

    async def beside(self, part: str) -> Mapping[str, float]:
        """The same from subscriptions of the hub."""
        windows = VenueWindows(VENUE, 15, hub := QuoteHub())
        hello = IngestHello(venue=VENUE, stream_id="bench", oldest_sequence=1)
        windows.on_hello(IngestQuotesRequest(hello=hello).SerializeToString())
        readers = [hub.subscribe([], [f"C{number}" for number in own]) for own in self._symbols]
        payloads = [IngestQuotesRequest(batch=batch).SerializeToString() for batch in self._batches]
        return {part: _percent(payloads, windows.on_batch, lambda: [reader.take_batch() for reader in readers], 100)}


def _percent(payloads: list[bytes], take: Callable[[bytes], object], pull: Callable[[], object], tick_ms: int) -> float:
    """Processor time of the process over the time in which so many quotes come; the first frames are not in it."""
    take(payloads[0])
    pull()
    batches_of_tick = QUOTES_PER_S * tick_ms // 1_000 // ROWS_OF_BATCH
    started = time.process_time()
    for number, payload in enumerate(payloads[1:], 1):
        take(payload)
        if number % batches_of_tick == 0:
            pull()
    return (time.process_time() - started) / SECONDS * 100


def _batch(sequence: int, numbers: list[int]) -> QuoteBatch:
    rows, bid = len(numbers), 100.0 + sequence % 7
    receive_ns = START_NS + sequence * 1_000_000
    return QuoteBatch(
        venue=VENUE,
        stream_id="bench",
        sequence=sequence,
        watermark_ns=receive_ns,
        symbol_index=numbers,
        receive_ns=[receive_ns] * rows,
        exchange_ns=[receive_ns - 1_000_000] * rows,
        bid=[bid] * rows,
        bid_size=[1.0] * rows,
        ask=[bid + 0.1] * rows,
        ask_size=[1.0] * rows,
        state=bytes([LIVE]) * rows,
    )


def _instrument(number: int) -> Instrument:
    return Instrument(
        venue=VENUE,
        symbol=f"C{number}",
        native_symbol=f"C{number}",
        asset=f"A{number // 10}",
        asset_scale=1.0,
        quote_currency="USDT",
        settle_currency="USDT",
        contract_size=1.0,
    )


@asynccontextmanager
async def opened() -> AsyncIterator[Board]:
    yield Board()
