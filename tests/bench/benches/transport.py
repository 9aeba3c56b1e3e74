"""Quotes between two processes: columnar batches over gRPC into windows, in turn with a protobuf message per quote.

The receiving end is the service's own: the plane and the windows behind it. The sender is native, so that it is not
what is measured; that of the comparison is Python, as is its receiver.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from tests.bench.product import Bench, Probe, Product
from tests.bench.rows import Row, at_least, times_better
from tests.bench.workers import worker

PREFIX, SUFFIX = "grpc_decode_windows_quotes_per_s_", "_rows"
ROWS = tuple(
    Row(
        f"{PREFIX}{rows}{SUFFIX}",
        "quotes/s",
        f"Sent over gRPC, decoded and taken into windows by a second process, {rows} rows a message.",
        is_higher_better=True,
        beside="one protobuf quote a message into a Python dict",
        targets=targets,
    )
    for rows, targets in (
        (1, (at_least(1_000_000),)),
        (256, (at_least(12_000_000), times_better(100))),
        (1024, ()),
    )
)


def opened(product: Product, rows: Sequence[Row]) -> AbstractAsyncContextManager[Probe]:
    """Its parts are the numbers of rows a message."""
    parts = [row.key.removeprefix(PREFIX).removesuffix(SUFFIX) for row in rows]
    return worker(product, "transport", parts, {})


BENCH = Bench(
    "transport",
    "Quotes between two processes: columnar batches over gRPC into windows, in turn with a protobuf message a quote.",
    ROWS,
    opened,
    rounds=7,
    limits="Sender and receiver share the machine's cores; the payloads are made before, so encoding is not counted.",
)
