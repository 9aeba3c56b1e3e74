"""What the ledger writes of books that change."""

from pathlib import Path

import pytest

from crossbook.plumbing.private_files import PrivateFolderError
from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.registry import TRAITS
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.ledger import Ledger
from crossbook.simulator.world.line_file import FLUSH_NS
from crossbook.simulator.world.world import Instrument

VENUE = next(iter(TRAITS))


@pytest.fixture
def instrument() -> Instrument:
    """One of a world."""
    return Simulator(SimulatorSettings(venues=[VENUE], assets=1), 0).world.instruments[0]


def test_a_line_is_the_best_prices_as_the_venue_writes_them(instrument: Instrument, tmp_path: Path) -> None:
    """With the moment and how many clients the venue had; the folder is made."""
    path = tmp_path / "folder" / "ledger"
    ledger = Ledger(path)
    ledger.changed(instrument, 3, 1_700_000_000_000_000_001)
    ledger.close()
    bid, _, ask, _ = instrument.book.top()
    scale = 10**instrument.listing.price_decimals
    assert path.read_text() == f"1700000000000000001 {VENUE} {instrument.asset} {bid / scale} {ask / scale} 3\n"
    at_ns, *_, best_bid, best_ask, _ = path.read_text().split()
    assert (int(at_ns), float(best_bid) < float(best_ask)) == (1_700_000_000_000_000_001, True)


def test_lines_are_written_through_once_a_second(instrument: Instrument, tmp_path: Path) -> None:
    """A witness that is read while it runs lags by that at most."""
    ledger = Ledger(tmp_path / "ledger")
    for later_ns in (0, 0, FLUSH_NS // 2, FLUSH_NS - 1):
        ledger.changed(instrument, 1, FLUSH_NS + later_ns)
    assert len((tmp_path / "ledger").read_text().splitlines()) == 1
    ledger.changed(instrument, 9, 2 * FLUSH_NS)
    assert len((tmp_path / "ledger").read_text().splitlines()) == 5


def test_without_a_path_and_after_the_end_nothing_is_written(instrument: Instrument, tmp_path: Path) -> None:
    """Nobody need ask whether there is one."""
    silent = Ledger(None)
    silent.changed(instrument, 1, 1)
    silent.close()
    ledger = Ledger(tmp_path / "ledger")
    ledger.close()
    ledger.changed(instrument, 1, 1)
    assert (tmp_path / "ledger").read_text() == ""


def test_it_is_not_written_through_a_link(tmp_path: Path) -> None:
    """What the link points to stays."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "ledger").symlink_to(victim)
    with pytest.raises(PrivateFolderError):
        Ledger(tmp_path / "ledger")
    assert victim.read_text() == "precious"
