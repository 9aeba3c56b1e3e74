"""A thousand readers of the board, each with instruments of its own: processor time of readers and quotes."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from tests.bench.product import Bench, Probe, Product
from tests.bench.rows import Row, at_most, times_better
from tests.bench.workers import worker

HUB = "the hub, which offers every quote to every reader"
WHAT = (
    "1,000 readers of 60 of 4,000 instruments that ask every {} ms, at 20,000 quotes/s in batches of 20: of one core."
)
ROWS = (
    Row(
        "board_1000_readers_100_ms_percent",
        "%",
        WHAT.format(100),
        beside=HUB,
        targets=(at_most(5), times_better(10)),
    ),
    *(Row(f"board_1000_readers_{tick}_ms_percent", "%", WHAT.format(tick)) for tick in (10, 50, 250)),
    Row(
        "board_1000_equal_readers_percent",
        "%",
        "The same at 100 ms with readers of all 4,000 instruments, who share their frames.",
        targets=(at_most(5),),
    ),
)


def opened(product: Product, rows: Sequence[Row]) -> AbstractAsyncContextManager[Probe]:
    """Its parts are the rows."""
    return worker(product, "board", [row.key for row in rows], {})


BENCH = Bench(
    "board",
    "A thousand readers of the board of quotes, in turn with a thousand of the hub.",
    ROWS,
    opened,
    rounds=5,
    limits="Batches come from memory: what the streams of the shards cost is not in it. Processor time of the process, "
    "for two seconds' quotes as fast as they are taken.",
)
