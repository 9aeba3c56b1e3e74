"""Window flush into a real Postgres: the aggregator's own transaction, against executemany of the same rows."""

import tempfile
import time
from pathlib import Path

import uvloop

from crossbook._core import ClosedWindow, QuoteHub, VenueWindows
from crossbook.aggregator.store import Store
from crossbook.local.postgres import embedded_postgres
from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.migrate import migrate
from crossbook.plumbing.postgres import Pool, open_pool
from tests.bench.batches import START_NS, VENUE, batches, hello
from tests.bench.report import Row

INSTRUMENTS = 10_000
ROWS_PER_BATCH = 10_000
WINDOW_NS = 15_000_000_000
WINDOWS = 5


def closed_windows() -> list[ClosedWindow]:
    """Windows of a stream that quotes every instrument once a window."""
    windows = VenueWindows(VENUE, 15, QuoteHub())
    windows.on_hello(hello(INSTRUMENTS))
    found = []
    for number, payload in enumerate(batches(WINDOWS, ROWS_PER_BATCH, INSTRUMENTS)):
        request = aggregator_pb2.IngestQuotesRequest.FromString(payload)
        batch = request.batch
        shift_ns = START_NS + number * WINDOW_NS - batch.receive_ns[0]
        times = [receive_ns + shift_ns for receive_ns in batch.receive_ns]
        del batch.receive_ns[:]
        batch.receive_ns.extend(times)
        batch.watermark_ns = START_NS + (number + 1) * WINDOW_NS
        windows.on_batch(request.SerializeToString())
        while (window := windows.take_closed()) is not None:
            found.append(window)
    return found


async def _flush_rate(pool: Pool) -> float:
    store = Store(pool, "main")
    await store.open_venue(VENUE)
    windows = closed_windows()
    started = time.perf_counter()
    for window in windows:
        await store.commit_window(window, [])
    return sum(window.rows for window in windows) / (time.perf_counter() - started)


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
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        async with embedded_postgres(Path(folder)) as dsn:
            await migrate(dsn)
            pool = await open_pool(dsn)
            try:
                rate, baseline = await _flush_rate(pool), await _executemany_rate(pool)
            finally:
                await pool.close()
    target = ">= 200 k rows/s"
    return [Row("window_flush_rows_per_s", rate, "rows/s", baseline, "executemany", True, target)]


def run() -> list[Row]:
    """The rows of this bench."""
    return uvloop.run(measure())
