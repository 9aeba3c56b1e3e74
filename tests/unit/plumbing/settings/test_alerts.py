"""What alerts asks of its files."""

from pathlib import Path

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import load_settings


def test_an_authorities_file_has_to_hold_certificates(tmp_path: Path) -> None:
    """It is read at start, and not at the first delivery."""
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    for path in (empty, tmp_path / "nowhere.pem"):
        with pytest.raises(SettingsError, match=r"alerts\.authorities_file .*must be a PEM file of certificates"):
            load_settings(alerts={"authorities_file": path})
