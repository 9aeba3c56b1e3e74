"""What this process shows to the servers that it dials."""

from pathlib import Path

import pytest

from crossbook.plumbing.access.identity import Identity
from crossbook.plumbing.errors import SettingsError


def test_nothing_is_shown_until_a_file_is_named(tmp_path: Path) -> None:
    """Then what stands in it, and what stands there later."""
    own, path = Identity(), tmp_path / "token"
    assert (own.is_named, own.authorization()) == (False, None)
    path.write_text("cbk_ab_1\n")
    own.take(path)
    assert (own.is_named, own.authorization()) == (True, "Bearer cbk_ab_1")
    path.unlink()
    path.write_text("cbk_ab_22")
    assert own.authorization() == "Bearer cbk_ab_22"
    path.unlink()
    assert own.authorization() == "Bearer cbk_ab_22"


def test_a_file_that_does_not_read_is_a_wrong_setting(tmp_path: Path) -> None:
    """At the start, not at the first call."""
    with pytest.raises(SettingsError, match=r"access\.token_file"):
        Identity().take(tmp_path / "nothing")
