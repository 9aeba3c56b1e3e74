"""One frame through the core: decode and book, venue by venue, in turn with decoding alone in Python."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from tests.bench.product import Bench, Probe, Product
from tests.bench.recorded import BBO, calls_file, kinds_of, played
from tests.bench.rows import Row, at_most
from tests.bench.workers import worker

WORDS = {True: "best bid and ask", False: "small delta"}


def _row(venue: str, kind: str) -> Row:
    is_bbo = kind == BBO
    return Row(
        f"decode_book_frame_us_{venue}_{kind}",
        "us",
        f"A {WORDS[is_bbo]} frame of {venue} decoded and its book changed, the call from Python included.",
        beside="decoding alone in Python",
        targets=(at_most(0.5 if is_bbo else 1.0),),
    )


ROWS = tuple(_row(profile.id, kind) for profile in played() for kind in kinds_of(profile))


def opened(product: Product, rows: Sequence[Row]) -> AbstractAsyncContextManager[Probe]:
    """Its parts are the venues."""
    keys = {row.key for row in rows}
    venues = [one.id for one in played() if any(_row(one.id, kind).key in keys for kind in kinds_of(one))]
    return worker(product, "decode", venues, {"path": str(calls_file())})


BENCH = Bench(
    "decode",
    "One frame through the core, venue by venue, in turn with decoding alone in Python.",
    ROWS,
    opened,
    rounds=5,
    limits="Frames of the simulator, recorded a moment before: real ones are longer on some venues (`make bench-peers` "
    "has some). Python's part of the comparison keeps no book and checks nothing.",
)
