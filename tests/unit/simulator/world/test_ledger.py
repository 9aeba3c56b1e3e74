"""The ledger of what the simulator sent."""

from pathlib import Path

import pytest

from crossbook.plumbing.private_files import PrivateFolderError
from crossbook.simulator.world.ledger import Ledger


def test_it_is_not_written_through_a_link(tmp_path: Path) -> None:
    """What the link points to stays."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "ledger").symlink_to(victim)
    with pytest.raises(PrivateFolderError):
        Ledger(tmp_path / "ledger")
    assert victim.read_text() == "precious"
