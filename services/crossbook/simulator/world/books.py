"""Every book as it stood after each of its changes, to a depth: what a judge asks whether a profit was really there.

The first line is JSON, what each instrument's integers mean; then one line for each change of a book:
`<ns> <number> <price>:<size>,... <price>:<size>,...`, bids and asks, best first, in ticks and lots. Without a path
nothing is written.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

from crossbook.plumbing.private_files import open_private
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.world import Instrument

FLUSH_NS = SECOND_NS
LEVELS = 20  # twice what a tracker tells of a side


class BookFile:
    """Owned by the simulator, which calls `changed` for each book that its world changes."""

    def __init__(self, path: Path | None, instruments: Sequence[Instrument]) -> None:
        self._flushed_ns = 0
        self._file: IO[str] | None = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8")
        self._numbers = {(one.venue, one.asset): number for number, one in enumerate(instruments)}
        head = [{"venue": one.venue, "asset": one.asset, "listing": asdict(one.listing)} for one in instruments]
        self._file.write(json.dumps(head) + "\n")

    def changed(self, instrument: Instrument, now_ns: int) -> None:
        """As it stands now."""
        if self._file is None:
            return
        book, number = instrument.book, self._numbers[instrument.venue, instrument.asset]
        bids, asks = _text(book.bids.levels(LEVELS)), _text(book.asks.levels(LEVELS))
        self._file.write(f"{now_ns} {number} {bids} {asks}\n")
        if now_ns - self._flushed_ns >= FLUSH_NS:
            self._flushed_ns = now_ns
            self._file.flush()

    def close(self) -> None:
        """No line comes after this."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _text(levels: Iterable[Level]) -> str:
    return ",".join(f"{price}:{size}" for price, size in levels)
