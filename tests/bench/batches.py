"""Quotes and batches for the benches: plausible prices from a seeded walk, encoded by protobuf's own classes."""

import random
from collections.abc import Iterator

from crossbook.pb.v1 import aggregator_pb2, market_pb2

VENUE = "bench"
START_NS = 1_800_000_000 * 1_000_000_000
ROW_GAP_NS = 1_000


def hello(instruments: int, stream_id: str = "bench-1") -> bytes:
    """The hello of a stream with that many instruments."""
    message = aggregator_pb2.IngestQuotesRequest()
    message.hello.venue, message.hello.stream_id, message.hello.oldest_sequence = VENUE, stream_id, 1
    message.hello.symbols.extend(
        market_pb2.SymbolEntry(
            index=index,
            instrument=market_pb2.Instrument(
                venue=VENUE,
                symbol=f"A{index}/USDT:USDT",
                native_symbol=f"A{index}USDT",
                asset=f"A{index}",
                asset_scale=1.0,
                quote_currency="USDT",
                settle_currency="USDT",
                contract_size=1.0,
                taker_fee_percent=0.05,
            ),
        )
        for index in range(instruments)
    )
    return message.SerializeToString()


def batches(count: int, rows: int, instruments: int, stream_id: str = "bench-1") -> Iterator[bytes]:
    """`count` batches of `rows` quotes that visit the instruments in turn (one instrument: all on the same)."""
    walk = random.Random(7)
    now_ns = START_NS
    for sequence in range(1, count + 1):
        message = aggregator_pb2.IngestQuotesRequest()
        batch = message.batch
        batch.venue, batch.stream_id, batch.sequence = VENUE, stream_id, sequence
        first = (sequence - 1) * rows
        bids = [100 + walk.random() for _ in range(rows)]
        batch.symbol_index.extend((first + row) % instruments for row in range(rows))
        batch.receive_ns.extend(now_ns + row * ROW_GAP_NS for row in range(rows))
        batch.exchange_ns.extend([0] * rows)
        batch.bid.extend(bids)
        batch.bid_size.extend([1.0] * rows)
        batch.ask.extend(bid + 0.1 for bid in bids)
        batch.ask_size.extend([1.0] * rows)
        batch.state = bytes([market_pb2.BOOK_STATE_LIVE]) * rows
        now_ns += rows * ROW_GAP_NS
        batch.watermark_ns = now_ns
        yield message.SerializeToString()


def quote_messages(count: int, instruments: int) -> Iterator[bytes]:
    """The baseline's diet: one protobuf Quote per message."""
    walk = random.Random(7)
    for index in range(count):
        bid = 100 + walk.random()
        quote = market_pb2.Quote(
            venue=VENUE,
            symbol=f"A{index % instruments}/USDT:USDT",
            asset=f"A{index % instruments}",
            bid=bid,
            bid_size=1.0,
            ask=bid + 0.1,
            ask_size=1.0,
            state=market_pb2.BOOK_STATE_LIVE,
        )
        quote.receive_time.FromNanoseconds(START_NS + index * ROW_GAP_NS)
        yield quote.SerializeToString()
