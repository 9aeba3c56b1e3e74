"""What the book file writes of books that change."""

import json
from pathlib import Path

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.books import LEVELS, BookFile
from crossbook.simulator.world.line_file import FLUSH_NS

VENUE = next(iter(TRAITS))


def test_a_line_is_both_sides_in_ticks_and_lots_and_the_first_says_what_these_are(tmp_path: Path) -> None:
    """Best first, as many levels as a judge needs; lines are written through once a second."""
    instruments = Simulator(SimulatorSettings(venues=[VENUE], assets=2), 0).world.instruments
    path = tmp_path / "folder" / "books"
    file = BookFile(path, instruments)
    file.changed(instruments[1], FLUSH_NS)
    head, line = path.read_text().splitlines()
    named = {"venue": VENUE, "asset": instruments[1].asset}
    assert json.loads(head)[1].items() >= named.items()
    at_ns, number, bids, asks = line.split(" ")
    assert (int(at_ns), int(number)) == (FLUSH_NS, 1)
    bid, bid_size, ask, ask_size = instruments[1].book.top()
    assert bids.split(",")[0] == f"{bid}:{bid_size}"
    assert asks.split(",")[0] == f"{ask}:{ask_size}"
    assert len(bids.split(",")) == LEVELS
    file.changed(instruments[0], FLUSH_NS + 1)
    assert len(path.read_text().splitlines()) == 2
    file.close()
    assert len(path.read_text().splitlines()) == 3


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    """Nobody need ask whether there is one."""
    instruments = Simulator(SimulatorSettings(venues=[VENUE], assets=1), 0).world.instruments
    silent = BookFile(None, instruments)
    silent.changed(instruments[0], 1)
    silent.close()
    assert list(tmp_path.iterdir()) == []
