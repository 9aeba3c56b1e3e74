"""Closed windows into Postgres, as the aggregator writes them, in turn with a plain COPY of such windows."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from tests.bench.product import Bench, Probe, Product
from tests.bench.rows import Row, at_least
from tests.bench.workers import worker

BESIDE = "plain COPY of such windows, encoded before, into tables like theirs, by as many connections"
ROWS = (
    Row(
        "window_flush_rows_per_s",
        "rows/s",
        "A minute of windows of 10,000 instruments of one venue, a transaction a window, roll-up included.",
        is_higher_better=True,
        beside=BESIDE,
        targets=(at_least(200_000),),
    ),
    Row(
        "window_flush_14_venues_rows_per_s",
        "rows/s",
        "A minute of windows of 14 venues with 1,000 instruments each, all venues at once, roll-up included.",
        is_higher_better=True,
        beside=BESIDE,
        targets=(at_least(300_000),),
    ),
)


def opened(product: Product, rows: Sequence[Row]) -> AbstractAsyncContextManager[Probe]:
    """With a Postgres of its own; its parts are the rows."""
    return worker(product, "flush", [row.key for row in rows], {})


BENCH = Bench(
    "flush",
    "Closed windows into Postgres, as the aggregator writes them, in turn with a plain COPY of such windows.",
    ROWS,
    opened,
    rounds=5,
    limits="Postgres runs on the same cores, writes to this disk and starts empty: no retention, no readers.",
)
