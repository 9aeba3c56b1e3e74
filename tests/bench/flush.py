"""Window flush into a real Postgres: the aggregator's own transaction, against executemany of the same rows.

One venue writes its windows one after the other; many venues write at once, each its own in order, as in the real
system. Every fourth window carries the minute's roll-up. Instruments appear in random order, as a venue's do.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from crossbook._core import ClosedWindow, QuoteHub, VenueWindows
from crossbook.aggregator.store.store import Store
from crossbook.local.servers.postgres import embedded_postgres
from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.data.postgres import Pool, open_pool
from tests.bench.batches import START_NS, VENUE, batches, hello
from tests.bench.report import Row

INSTRUMENTS = 10_000
WINDOW_NS = 15_000_000_000
WINDOWS = 8  # two minutes
VENUES = 14
INSTRUMENTS_PER_VENUE = 1_000


def closed_windows(venue: str, instruments: int) -> list[ClosedWindow]:
    """Windows of a stream that quotes every instrument once a window."""
    windows = VenueWindows(venue, 15, QuoteHub())
    windows.on_hello(_hello(venue, instruments))
    found = []
    for number, payload in enumerate(batches(WINDOWS, instruments, instruments)):
        request = aggregator_pb2.IngestQuotesRequest.FromString(payload)
        batch = request.batch
        batch.venue = venue
        shift_ns = START_NS + number * WINDOW_NS - batch.receive_ns[0]
        times = [receive_ns + shift_ns for receive_ns in batch.receive_ns]
        del batch.receive_ns[:]
        batch.receive_ns.extend(times)
        batch.watermark_ns = START_NS + (number + 1) * WINDOW_NS
        windows.on_batch(request.SerializeToString())
        while (window := windows.take_closed()) is not None:
            found.append(window)
    return found


def _hello(venue: str, instruments: int) -> bytes:
    request = aggregator_pb2.IngestQuotesRequest.FromString(hello(instruments))
    request.hello.venue = venue
    order = random.Random(venue).sample(range(instruments), instruments)
    for entry, number in zip(request.hello.symbols, order, strict=True):
        entry.instrument.venue, entry.instrument.symbol = venue, f"A{number}/USDT:USDT"
    return request.SerializeToString()


async def _flush_rate(store: Store, streams: Sequence[list[ClosedWindow]]) -> float:
    """Rows a second, of all streams together."""

    async def flush(windows: list[ClosedWindow]) -> None:
        for window in windows:
            await store.commit_window(window, [])

    for windows in streams:
        await store.open_venue(windows[0].venue)
    started = time.perf_counter()
    await asyncio.gather(*map(flush, streams))
    return sum(window.rows for windows in streams for window in windows) / (time.perf_counter() - started)


async def _executemany_rate(pool: Pool) -> float:
    """Rows as Python values, one statement each, pipelined by the driver."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("CREATE TEMP TABLE plain (LIKE snapshots)")
        cursor = await connection.execute(f"SELECT * FROM snapshots LIMIT {INSTRUMENTS}")
        rows = await cursor.fetchall()
        marks = ", ".join(["%s"] * len(rows[0]))
        started = time.perf_counter()
        await connection.cursor().executemany(f"INSERT INTO plain VALUES ({marks})", rows)
        return len(rows) / (time.perf_counter() - started)


async def measure() -> list[Row]:
    one = [closed_windows(VENUE, INSTRUMENTS)]
    many = [closed_windows(f"{VENUE}{number}", INSTRUMENTS_PER_VENUE) for number in range(VENUES)]
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        async with embedded_postgres(Path(folder)) as dsn:
            await migrate(dsn)
            pool = await open_pool(dsn, max_size=VENUES)
            try:
                store = Store(pool, "main")
                rates = [await _flush_rate(store, streams) for streams in (one, many)]
                baseline = await _executemany_rate(pool)
            finally:
                await pool.close()
    names = ("window_flush_rows_per_s", f"window_flush_{VENUES}_venues_rows_per_s")
    target = ">= 200 k rows/s"
    return [
        Row(name, rate, "rows/s", baseline, "executemany", True, target)
        for name, rate in zip(names, rates, strict=True)
    ]


def run() -> list[Row]:
    """The rows of this bench."""
    return uvloop.run(measure())
