"""`make kills`: an aggregator is killed with -9 at random moments while quotes flow, and no bit of a row may differ.

python -m tests.faults.kills [--kills 100] [--rate 50000] [--seed N]

Quotes flow in real time, whether or not anybody is there: what is not acknowledged waits and is sent again. Each life
is ended some moment within its first seconds, so in the middle of windows, of commits, of resuming. The oracle reads at
the end what was sent, from a file, so that it takes no time from the run.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from crossbook.local.processes.addresses import free_port
from crossbook.local.servers.postgres import embedded_postgres
from crossbook.pb.v1.market_pb2 import BookState, QuoteBatch
from crossbook.plumbing.data.migrate import migrate
from tests.support.aggregator.aggregator_process import AggregatorProcess
from tests.support.aggregator.buffering_tracker import BufferingTracker
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, WindowOracle, bits
from tests.support.aggregator.window_tables import committed_until_ns, read_minutes, read_snapshots
from tests.support.waiting import eventually

VENUE = "alpha"
WINDOW_SECONDS = 5
ROWS = 256
INSTRUMENTS = 64
LIFE_SECONDS = 4.0  # the longest
SETTLE_SECONDS = 300.0
LIVE = bytes([BookState.BOOK_STATE_LIVE])


class RealTimeStream(QuoteStream):
    """Batches of as many rows as are due, received since the last one; every instrument is known from the beginning."""

    def __init__(self, seed: int) -> None:
        super().__init__(VENUE, seed, instruments=INSTRUMENTS, start_ns=time.time_ns())
        self._dice = random.Random(seed)

    def due_batch(self) -> QuoteBatch:
        """Its rows are spread evenly over the time since the batch before."""
        self.sequence += 1
        began_ns, self.now_ns = self.now_ns, max(time.time_ns(), self.now_ns + ROWS)
        batch = QuoteBatch(venue=VENUE, stream_id=self.stream_id, sequence=self.sequence, watermark_ns=self.now_ns)
        if not self.entries:
            self.entries = self._wanted
            batch.symbols.extend(self.entries)
        step_ns = (self.now_ns - began_ns) // ROWS
        middles = [self._dice.uniform(10.0, 60_000.0) for _ in range(ROWS)]
        batch.symbol_index.extend(self._dice.choices(range(INSTRUMENTS), k=ROWS))
        batch.receive_ns.extend(range(began_ns + step_ns, began_ns + step_ns * (ROWS + 1), step_ns))
        batch.exchange_ns.extend(range(began_ns, began_ns + step_ns * ROWS, step_ns))
        batch.bid.extend(middles)
        batch.ask.extend([middle * 1.0001 for middle in middles])
        batch.bid_size.extend([middle / 7 for middle in middles])
        batch.ask_size.extend([middle / 11 for middle in middles])
        batch.state = LIVE * ROWS
        return batch


class Written:
    """Everything that was sent, in a file, for the oracle."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")

    def add(self, batch: QuoteBatch) -> None:
        """One more."""
        payload = batch.SerializeToString()
        self._file.write(len(payload).to_bytes(4) + payload)

    def read(self) -> Iterator[QuoteBatch]:
        """All of it, in order."""
        self._file.close()
        with self._path.open("rb") as file:
            while head := file.read(4):
                yield QuoteBatch.FromString(file.read(int.from_bytes(head)))


async def _flow(stream: RealTimeStream, tracker: BufferingTracker, written: Written, rate: int) -> None:
    """As many quotes a second; a batch that is late is followed by the next at once."""
    began = time.monotonic()
    for number in range(sys.maxsize):
        batch = stream.due_batch()
        written.add(batch)
        tracker.send(batch)
        await asyncio.sleep(max(0.0, began + (number + 1) * ROWS / rate - time.monotonic()))


async def _run(kills: int, rate: int, seed: int, folder: Path, dsn: str) -> int:
    chance, written, stream = random.Random(seed), Written(folder / "batches"), RealTimeStream(seed)
    settings = {"window_seconds": WINDOW_SECONDS, "max_waiting_windows": 10_000}
    aggregator = AggregatorProcess(dsn, free_port(), folder / "log", **settings)
    async with aggregator, BufferingTracker(aggregator.target, stream) as tracker:
        began, flowing = time.monotonic(), asyncio.create_task(_flow(stream, tracker, written, rate))
        for number in range(kills):
            await asyncio.sleep(chance.uniform(0.0, LIFE_SECONDS))
            await aggregator.end(signal.SIGKILL)
            print(f"  kill {number + 1}: {tracker.unacknowledged} batches wait", file=sys.stderr, flush=True)
            await aggregator.start()
        flowing.cancel()
        quotes, seconds = stream.sequence * ROWS, time.monotonic() - began
        last = stream.heartbeat((stream.now_ns // MINUTE_NS + 1) * MINUTE_NS)
        written.add(last)
        await eventually(lambda: time.time_ns() > last.watermark_ns, SETTLE_SECONDS)
        tracker.send(last)
        await eventually(lambda: committed_until_ns(dsn, VENUE) == last.watermark_ns, SETTLE_SECONDS)
        resumed = len(tracker.resumed_from)
    print(f"{kills} kills in {seconds:.0f} s, {quotes:,} quotes, {quotes / seconds:,.0f} a second")
    print(f"the stream was resumed {resumed} times")
    return await asyncio.to_thread(_judge, written, dsn)


def _judge(written: Written, dsn: str) -> int:
    """How many rows are wrong."""
    oracle = WindowOracle(VENUE, WINDOW_SECONDS)
    for batch in written.read():
        oracle.feed(batch)
    wrong = 0
    for name, rows, known in (
        ("windows", read_snapshots(dsn, VENUE), oracle.snapshots),
        ("minutes", read_minutes(dsn, VENUE), oracle.minutes()),
    ):
        differing = sum(bits(row) != bits(other) for row, other in zip(rows, known, strict=False))
        incomplete = sum(not row.is_complete for row in rows if name == "windows")
        print(f"{name}: {len(rows)} rows, {len(known)} expected, {differing} differ, {incomplete} incomplete")
        wrong += differing + abs(len(rows) - len(known)) + incomplete
    return wrong


async def _main(options: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="crossbook-kills-"))
    async with embedded_postgres(folder / "postgres") as dsn:
        await migrate(dsn)
        wrong = await _run(options.kills, options.rate, options.seed, folder, dsn)
    if wrong:
        print(f"wrong rows: {wrong}; see {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tests.faults.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rate", type=int, default=50_000, help="quotes a second")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(_main(parser.parse_args())))
