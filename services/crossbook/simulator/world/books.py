"""Every book as it stood after each of its changes, to a depth: what a judge asks whether a profit was really there.

The first line is JSON, what each instrument's integers mean; then one line for each change of a book:
`<ns> <number> <price>:<size>,... <price>:<size>,...`, bids and asks, best first, in ticks and lots. Without a path
nothing is written.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from crossbook.simulator.world.book import Level
from crossbook.simulator.world.line_file import LineFile
from crossbook.simulator.world.world import Instrument

LEVELS = 20  # twice what a tracker tells of a side


class BookFile:
    """Owned by the simulator, which calls `changed` for each book that its world changes."""

    def __init__(self, path: Path | None, instruments: Sequence[Instrument]) -> None:
        self._file = LineFile(path)
        if path is None:
            return
        self._numbers = {(one.venue, one.asset): number for number, one in enumerate(instruments)}
        head = [{"venue": one.venue, "asset": one.asset, "listing": asdict(one.listing)} for one in instruments]
        self._file.write(json.dumps(head), 0)

    def changed(self, instrument: Instrument, now_ns: int) -> None:
        """As it stands now."""
        if not self._file.is_open:
            return
        book, number = instrument.book, self._numbers[instrument.venue, instrument.asset]
        bids, asks = _text(book.bids.levels(LEVELS)), _text(book.asks.levels(LEVELS))
        self._file.write(f"{now_ns} {number} {bids} {asks}", now_ns)

    def close(self) -> None:
        """No line comes after this."""
        self._file.close()


def _text(levels: Iterable[Level]) -> str:
    return ",".join(f"{price}:{size}" for price, size in levels)
