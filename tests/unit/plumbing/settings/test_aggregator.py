"""The aggregator's own rules."""

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import load_settings


@pytest.mark.parametrize("seconds", [7, 0, 61])
def test_windows_that_do_not_meet_at_the_minute_are_refused(seconds: int) -> None:
    """Rows of minutes are made of whole windows."""
    with pytest.raises(SettingsError, match=r"setting aggregator\.window_seconds"):
        load_settings(aggregator={"window_seconds": seconds})


def test_seven_seconds_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key, its source, and what is wrong with the value."""
    monkeypatch.setenv("CROSSBOOK_AGGREGATOR__WINDOW_SECONDS", "7")
    expected = r"aggregator\.window_seconds \(from environment .*\): 7 does not divide 60"
    with pytest.raises(SettingsError, match=expected):
        load_settings()
