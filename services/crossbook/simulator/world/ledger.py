"""What the simulator sent and when, written by itself: the one witness that a system under test cannot have bent.

One line for each change of a book: `<ns> <venue> <asset> <best bid> <best ask> <clients>`, prices as the venue writes
them. Without a path nothing is written. Lines are written through once a second.
"""

import os
from pathlib import Path
from typing import IO

from crossbook.plumbing.private_files import open_private
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.world.world import Instrument

FLUSH_NS = SECOND_NS


class Ledger:
    """Owned by the simulator, which calls `changed` for each book that its world changes."""

    def __init__(self, path: Path | None) -> None:
        self._flushed_ns = 0
        self._file: IO[str] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8")

    def changed(self, instrument: Instrument, clients: int, now_ns: int) -> None:
        """`clients`: how many connections the venue had then."""
        if self._file is None:
            return
        bid, _, ask, _ = instrument.book.top()
        scale = 10**instrument.listing.price_decimals
        line = f"{now_ns} {instrument.venue} {instrument.asset} {bid / scale!r} {ask / scale!r} {clients}\n"
        self._file.write(line)
        if now_ns - self._flushed_ns >= FLUSH_NS:
            self._flushed_ns = now_ns
            self._file.flush()

    def close(self) -> None:
        """No line comes after this."""
        if self._file is not None:
            self._file.close()
            self._file = None
