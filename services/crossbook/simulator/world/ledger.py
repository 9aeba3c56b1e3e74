"""What the simulator sent and when, written by itself: the one witness that a system under test cannot have bent.

One line for each change of a book: `<ns> <venue> <asset> <best bid> <best ask> <clients>`, prices as the venue writes
them. Without a path nothing is written. Lines are written through once a second.
"""

from pathlib import Path

from crossbook.simulator.world.line_file import LineFile
from crossbook.simulator.world.world import Instrument


class Ledger:
    """Owned by the simulator, which calls `changed` for each book that its world changes."""

    def __init__(self, path: Path | None) -> None:
        self._file = LineFile(path)

    def changed(self, instrument: Instrument, clients: int, now_ns: int) -> None:
        """`clients`: how many connections the venue had then."""
        if not self._file.is_open:
            return
        bid, _, ask, _ = instrument.book.top()
        scale = 10**instrument.listing.price_decimals
        line = f"{now_ns} {instrument.venue} {instrument.asset} {bid / scale!r} {ask / scale!r} {clients}"
        self._file.write(line, now_ns)

    def close(self) -> None:
        """No line comes after this."""
        self._file.close()
