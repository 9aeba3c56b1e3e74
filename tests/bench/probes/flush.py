"""Window flush into a real Postgres: the aggregator's own transaction, in turn with the floor below it.

One venue writes its windows one after the other; many venues write at once, each its own in order, as in the real
system. A round is a minute of windows, so the fourth carries the minute's roll-up. Instruments appear in random order,
as a venue's do. The floor is a plain COPY of such windows, their bytes ready, into tables like the venues', by as many
connections: no position, no roll-up, no encoding.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from crossbook._core import ClosedWindow, QuoteHub, VenueWindows
from crossbook.aggregator.store.store import Store
from crossbook.local.servers.postgres import embedded_postgres
from crossbook.pb.v1 import aggregator_pb2
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.data.postgres import Pool, open_pool
from tests.bench.batches import START_NS, VENUE, batches, hello

INSTRUMENTS = 10_000
WINDOW_NS = 15_000_000_000
WINDOWS_A_ROUND = 4
ENDLESS = 1_000_000
VENUES = 14
INSTRUMENTS_PER_VENUE = 1_000

Windows = Iterator[ClosedWindow]
Ready = Sequence[tuple[ClosedWindow, bytes]]
Write = Callable[[Ready], Awaitable[None]]


class Flush:
    """Its parts are the rows' keys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._store = Store(pool, "main")
        self._streams = {
            "window_flush_rows_per_s": [closed_windows(VENUE, INSTRUMENTS)],
            "window_flush_14_venues_rows_per_s": [
                closed_windows(f"{VENUE}{number}", INSTRUMENTS_PER_VENUE) for number in range(VENUES)
            ],
        }

    async def open_venues(self) -> None:
        """Their partitions, and the tables of the floor."""
        for name in (VENUE, *(f"{VENUE}{number}" for number in range(VENUES))):
            await self._store.open_venue(name)
            async with self._pool.connection() as connection:
                await connection.execute(f"CREATE TABLE floor_{name} (LIKE snapshots INCLUDING ALL)".encode())

    async def ours(self, part: str) -> Mapping[str, float]:
        """Rows a second, of all streams together."""
        return {part: await self._measure(part, self._commit)}

    async def beside(self, part: str) -> Mapping[str, float]:
        """The floor's."""
        return {part: await self._measure(part, self._copy)}

    async def _measure(self, part: str, write: Write) -> float:
        """Of the next minute of every stream; a window has its bytes ready, for whoever wants them."""
        streams = [
            [(window, window.copy_binary("main")) for window in islice(windows, WINDOWS_A_ROUND)]
            for windows in self._streams[part]
        ]
        started = time.perf_counter()
        await asyncio.gather(*map(write, streams))
        seconds = time.perf_counter() - started
        return sum(window.rows for windows in streams for window, _ in windows) / seconds

    async def _commit(self, windows: Ready) -> None:
        for window, _ in windows:
            await self._store.commit_window(window, [], writer=window.venue)

    async def _copy(self, windows: Ready) -> None:
        for window, rows in windows:
            statement = f"COPY floor_{window.venue} FROM STDIN (FORMAT BINARY)".encode()
            async with self._pool.connection() as connection, connection.cursor().copy(statement) as copy:
                await copy.write(rows)


@asynccontextmanager
async def opened() -> AsyncIterator[Flush]:
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        async with embedded_postgres(Path(folder)) as dsn:
            await migrate(dsn)
            pool = await open_pool(dsn, max_size=VENUES)
            try:
                flush = Flush(pool)
                await flush.open_venues()
                yield flush
            finally:
                await pool.close()


def closed_windows(venue: str, instruments: int) -> Windows:
    """Windows of a stream that quotes every instrument once a window, for ever."""
    windows = VenueWindows(venue, 15, QuoteHub())
    windows.on_hello(_hello(venue, instruments))
    for number, payload in enumerate(batches(ENDLESS, instruments, instruments)):
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
            yield window


def _hello(venue: str, instruments: int) -> bytes:
    request = aggregator_pb2.IngestQuotesRequest.FromString(hello(instruments))
    request.hello.venue = venue
    order = random.Random(venue).sample(range(instruments), instruments)
    for entry, number in zip(request.hello.symbols, order, strict=True):
        entry.instrument.venue, entry.instrument.symbol = venue, f"A{number}/USDT:USDT"
    return request.SerializeToString()
