"""A seeded stream of one venue, as a tracker would send it: bursts, silences, late instruments, broken books."""

import random

from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import AssetClass, BookState, Instrument, QuoteBatch, SymbolEntry

SECOND_NS = 1_000_000_000
START_NS = 1_750_000_000 * SECOND_NS + 7_123_456_789  # in the middle of a window and of a minute


class QuoteStream:
    """`next_batch` makes batch after batch; times are the stream's own, so a test runs as fast as the machine."""

    def __init__(
        self,
        venue: str,
        seed: int = 1,
        instruments: int = 6,
        start_ns: int = START_NS,
        first_coin: int = 0,
        shard: str = "main",
    ) -> None:
        self.venue = venue
        self.shard = shard
        self.stream_id = f"{venue}-{seed}"
        self.sequence = 0
        self.now_ns = start_ns
        self.entries: list[SymbolEntry] = []
        self._random = random.Random(seed)
        self._wanted = [_entry(venue, index, first_coin + index) for index in range(instruments)]
        self._mids = [self._random.uniform(0.001, 90_000.0) for _ in range(instruments)]

    def next_batch(self, rows: int | None = None, step_ns: int = 40_000_000) -> QuoteBatch:
        """Rows are on average `step_ns` apart; now and then nothing comes for some seconds."""
        self.sequence += 1
        batch = QuoteBatch(venue=self.venue, stream_id=self.stream_id, sequence=self.sequence)
        for _ in range(self._random.randrange(30) if rows is None else rows):
            self._advance(step_ns)
            self._add_row(batch, self._pick(batch))
        self._advance(step_ns)
        batch.watermark_ns = self.now_ns
        return batch

    def heartbeat(self, watermark_ns: int) -> QuoteBatch:
        """A batch without rows that moves the watermark."""
        self.sequence += 1
        self.now_ns = watermark_ns
        return QuoteBatch(venue=self.venue, stream_id=self.stream_id, sequence=self.sequence, watermark_ns=watermark_ns)

    def roster(self, watermark_ns: int) -> QuoteBatch:
        """Says that what it has introduced is all that it has from then on."""
        batch = self.heartbeat(watermark_ns)
        batch.is_roster = True
        batch.roster_symbols.extend(entry.index for entry in self.entries)
        return batch

    def hello(self, oldest_sequence: int) -> IngestHello:
        """Opens or resumes the stream."""
        return IngestHello(
            venue=self.venue,
            stream_id=self.stream_id,
            oldest_sequence=oldest_sequence,
            symbols=self.entries,
            shard=self.shard,
        )

    def _advance(self, step_ns: int) -> None:
        roll = self._random.random()
        if roll < 0.2:
            return  # the same frame, the same moment
        self.now_ns += self._random.randrange(2 * step_ns)
        if roll > 0.998:
            self.now_ns += self._random.randrange(20 * SECOND_NS)

    def _pick(self, batch: QuoteBatch) -> int:
        """An instrument known already or, seldom, the next new one."""
        is_time_for_new = not self.entries or self._random.random() < 0.01
        if is_time_for_new and len(self.entries) < len(self._wanted):
            entry = self._wanted[len(self.entries)]
            self.entries.append(entry)
            batch.symbols.append(entry)
            return entry.index
        return self._random.randrange(len(self.entries))

    def _add_row(self, batch: QuoteBatch, index: int) -> None:
        self._mids[index] *= 1.0 + self._random.gauss(0.0, 0.0003)
        mid, half = self._mids[index], self._mids[index] * self._random.uniform(1e-6, 1e-3)
        state = self._random.choices(range(1, 5), (0.9, 0.04, 0.03, 0.03))[0]
        is_live = state == BookState.BOOK_STATE_LIVE
        has_bid, has_ask = (is_live and self._random.random() > 0.02 for _ in range(2))
        batch.symbol_index.append(index)
        batch.receive_ns.append(self.now_ns)
        batch.exchange_ns.append(self.now_ns - 1_000_000 if self._random.random() > 0.1 else 0)
        batch.bid.append(mid - half if has_bid else 0.0)
        batch.bid_size.append(self._random.uniform(0.01, 9.0) if has_bid else 0.0)
        batch.ask.append(mid + half if has_ask else 0.0)
        batch.ask_size.append(self._random.uniform(0.01, 9.0) if has_ask else 0.0)
        batch.state += bytes([state])


def hello_request(hello: IngestHello) -> bytes:
    """As it goes over the wire."""
    return IngestQuotesRequest(hello=hello).SerializeToString()


def batch_request(batch: QuoteBatch) -> bytes:
    """As it goes over the wire."""
    return IngestQuotesRequest(batch=batch).SerializeToString()


def _entry(venue: str, index: int, coin: int) -> SymbolEntry:
    base = f"COIN{coin}"
    instrument = Instrument(
        venue=venue,
        symbol=f"{base}/USDT:USDT",
        native_symbol=f"{base}USDT",
        asset=base,
        asset_class=AssetClass.ASSET_CLASS_COIN,
        asset_scale=1.0,
        quote_currency="USDT",
        settle_currency="USDT",
        contract_size=1.0,
        tick_size=0.01,
        lot_size=0.001,
    )
    if index % 2:
        instrument.taker_fee_percent = 0.05
    return SymbolEntry(index=index, instrument=instrument)
